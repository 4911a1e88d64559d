"""Text -> FIR: the inverse of `printer.py`, for tests, dumps and bug reports.

The parser checks the form only; `verify.py` checks the meaning.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from .nodes import DEFAULT_LATENESS_NS, TRIGGERS, Attr, Clause, Item, Op, Param, Program, Segment, Slot, Stream, When
from .ops import OPS

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<origin>;\s*@-?\d+--?\d+)|(?P<comment>;.*|\#.*)"""
    r"""|(?P<word>%?[^\s"{}\[\]:=;\#]+)|(?P<mark>[{}\[\]:=]))"""
)
Token = tuple[str, str]  # kind, text


class FirSyntaxError(ValueError):
    """The text is not FIR. `line` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


def parse_program(text: str) -> Program:
    """Parse a program. Raises `FirSyntaxError` at the first line that has another form."""
    return _Parser(text).program()


class _Line:
    """The tokens of one line with a cursor."""

    def __init__(self, number: int, tokens: list[Token]) -> None:
        self.row = number
        self.tokens = tokens
        self.at = 0

    def fail(self, reason: str) -> FirSyntaxError:
        return FirSyntaxError(self.row, reason)

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("end", "the end of the line")
        if wanted and (kind == "string" or text not in wanted):
            raise self.fail(f"expected {' or '.join(wanted)}, found {text}")
        if kind in ("end", "origin"):
            raise self.fail("the line ends too early")
        self.at += 1
        return str(json.loads(text)) if kind == "string" else text

    def name(self) -> str:
        text = self.take()
        if not text.startswith("%"):
            raise self.fail(f"expected a name with %, found {text}")
        return text[1:]

    def integer(self) -> int:
        text = self.take()
        try:
            return int(text)
        except ValueError:
            raise self.fail(f"expected an integer, found {text}") from None

    def number(self, type_: str) -> int | float:
        return self.parsed_number(self.take(), type_)

    def parsed_number(self, text: str, type_: str) -> int | float:
        try:
            if type_ == "f64":
                return float.fromhex(text) if "0x" in text else float(text)
            return int(text)
        except (ValueError, OverflowError):
            raise self.fail(f"expected an {type_} literal, found {text}") from None

    def origin(self) -> tuple[int, int] | None:
        if self.at < len(self.tokens) and self.tokens[self.at][0] == "origin":
            match = re.fullmatch(r";\s*@(-?\d+)-(-?\d+)", self.tokens[self.at][1])
            assert match is not None
            self.at += 1
            return int(match[1]), int(match[2])
        return None

    def end(self) -> None:
        if self.at < len(self.tokens):
            raise self.fail(f"unexpected {self.peek()}")


def _lines(text: str) -> Iterator[_Line]:
    for number, line in enumerate(text.split("\n"), start=1):
        tokens = _tokens(number, line.rstrip())
        if tokens:
            yield _Line(number, tokens)


def _tokens(number: int, line: str) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    while at < len(line):
        match = _TOKEN.match(line, at)
        if match is None:
            raise FirSyntaxError(number, f"cannot read {line[at:].strip()[:20]!r}")
        if match.lastgroup != "comment":
            tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
        at = match.end()
    return tokens


class _Parser:
    def __init__(self, text: str) -> None:
        self.lines = list(_lines(text))
        self.at = 0

    def line(self) -> _Line:
        if self.at >= len(self.lines):
            last = self.lines[-1].row if self.lines else 1
            raise FirSyntaxError(last, "the text ends too early")
        self.at += 1
        return self.lines[self.at - 1]

    def program(self) -> Program:
        first = self.line()
        first.take("program")
        name = first.take()
        first.take("edition")
        edition = first.integer()
        gap, late = _optional(first, "gap"), _optional(first, "late", DEFAULT_LATENESS_NS)
        first.end()
        instances: list[str] = []
        traces: list[str] = []
        params: list[Param] = []
        streams: list[Stream] = []
        slots: list[Slot] = []
        clauses: list[Clause] = []
        segments: list[Segment] = []
        while self.at < len(self.lines):
            line = self.line()
            match line.take("instance", "trace", "param", "stream", "slot", "clause", "segment"):
                case "instance" | "trace" as table:
                    (instances if table == "instance" else traces).append(line.take())
                    line.end()
                case "param":
                    params.append(_param(line))
                case "stream":
                    streams.append(_stream(line))
                case "slot":
                    slots.append(_slot(line))
                case "clause":
                    clauses.append(_clause(line))
                case _:
                    segments.append(self.segment(line))
        parts = (tuple(params), tuple(streams), tuple(slots), tuple(clauses), tuple(segments))
        return Program(name, edition, *parts, gap, tuple(instances), tuple(traces), late)

    def segment(self, line: _Line) -> Segment:
        trigger = line.take(*TRIGGERS)
        stream = line.name() if line.peek().startswith("%") else None
        instance = _optional(line, "instance")
        line.take("{")
        line.end()
        return Segment(trigger, stream, self.body(), instance)

    def body(self) -> tuple[Item, ...]:
        items: list[Item] = []
        while True:
            line = self.line()
            if line.peek() == "}":
                line.take("}")
                line.end()
                return tuple(items)
            items.append(self.when(line) if line.peek() == "when" else _op(line))

    def when(self, line: _Line) -> When:
        line.take("when")
        condition = _value(line)
        line.take("{")
        line.end()
        return When(condition, self.body())


def _optional(line: _Line, word: str, default: int = 0) -> int:
    """The integer after `word`; `default` if the word is not there."""
    if line.peek() != word:
        return default
    line.take(word)
    return line.integer()


def _value(line: _Line) -> int:
    text = line.name()
    if not text.isdigit():
        raise line.fail(f"expected a value, found %{text}")
    return int(text)


def _op(line: _Line) -> Op:
    result = shown = None
    if line.peek().startswith("%"):
        result = _value(line)
        line.take(":")
        shown = line.take()
        line.take("=")
    name = line.take()
    row = OPS.get(name)
    if row is None:
        raise line.fail(f"there is no operation {name}")
    if shown != row.result:
        raise line.fail(f"{name} gives {row.result or 'no result'}, the line says {shown or 'no result'}")
    attrs = tuple(_attr(line, kind) for kind in row.attrs)
    args = tuple(_value(line) for _ in row.args)
    origin = line.origin()
    line.end()
    return Op(result, name, attrs, args, origin)


def _attr(line: _Line, kind: str) -> Attr:
    if kind in ("slot", "param", "stream"):
        return line.name()
    if kind == "field":
        return line.take()
    return line.number("f64" if kind == "float" else "i64")


def _param(line: _Line) -> Param:
    name, type_ = line.name(), line.take("i64", "f64")
    line.take("=")
    default = line.number(type_)
    low: int | float | None = None
    high: int | float | None = None
    if line.peek() == "in":
        line.take("in")
        ends = line.take()
        left, dots, right = ends.partition("..")
        if not dots:
            raise line.fail(f"expected low..high, found {ends}")
        low, high = (line.parsed_number(e, type_) if e else None for e in (left, right))
    label = line.take()
    line.end()
    return Param(name, label, type_, default, low, high)


def _stream(line: _Line) -> Stream:
    name, kind, instrument, symbol = line.name(), line.take(), line.take(), line.take()
    period = line.integer()
    line.take("ns")
    line.take("price")
    price = line.integer()
    line.take("qty")
    qty = line.integer()
    depth = _optional(line, "depth")
    optional = line.peek() == "optional"
    if optional:
        line.take("optional")
    line.end()
    return Stream(name, kind, instrument, symbol, period, price, qty, depth, optional)


def _slot(line: _Line) -> Slot:
    name, type_ = line.name(), line.take("i64", "f64")
    line.take("[")
    words = line.integer()
    line.take("]")
    line.take("=")
    init = line.number(type_)
    line.take("id")
    id_, label = line.take(), line.take()
    line.end()
    return Slot(name, type_, words, id_, label, init)


def _clause(line: _Line) -> Clause:
    bit, set_, rule, name = line.integer(), line.take(), line.take(), line.take()
    origin = line.origin()
    line.end()
    return Clause(bit, set_, rule, name, origin or (0, 0))
