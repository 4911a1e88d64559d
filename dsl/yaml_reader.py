"""Bytes to text to CST. This is the only module that knows the YAML library, and it reads only its events.

Flash YAML is a strict subset of YAML: one document whose root is a mapping; keys are plain words; no anchors, aliases,
tags, directives or merges; no duplicate keys; no key that YAML 1.1 reads as a boolean. JSON is inside the subset.

Rules about characters: UTF-8; a byte order mark at the start is skipped; line ends are LF or CRLF; other control
characters, and the Unicode line separators that YAML would take for line ends, are refused. A tab never indents a
line of block style; elsewhere (and in a file that starts with `{` or `[`, so in JSON) it is a blank.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from .cst import Entry, Mapping, Node, Scalar, Sequence, Style
from .diagnostics import Diagnostic, Diagnostics, Edit, Fix, Label, Safety
from .source import Source, Span
from .yaml_errors import describe

MAX_BYTES = 256 * 1024
MAX_DEPTH = 16
MAX_NODES = 10_000  # keys, values and collections
MAX_FINDINGS = 100  # more errors of structure than this help nobody

_LIBYAML: Any = getattr(yaml, "CSafeLoader", None)
_STYLES = {
    None: Style.PLAIN,  # PyYAML
    "": Style.PLAIN,  # libyaml
    "'": Style.SINGLE,
    '"': Style.DOUBLE,
    "|": Style.LITERAL,
    ">": Style.FOLDED,
}
_YAML_BOOLEANS = frozenset({"on", "off", "yes", "no", "y", "n"})
# Everything YAML calls unprintable, a carriage return alone, an inner byte order mark, and NEL, LS, PS.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]|\r(?!\n)")
_INDENTING_TAB = re.compile(r"^ *\t[ \t]*(?=[^ \t\r\n])", re.MULTILINE)
_REFERENCE = re.compile(r"[&!]\S*")
_DIRECTIVE = re.compile(r"(?:[ \t]*(?:#.*)?\r?\n)*(%.*)")


def load(path_text: str, data: bytes) -> tuple[Source | None, Diagnostics]:
    """Decode a file. The source is None when there is no text to point into (too large, not UTF-8)."""
    bag = Diagnostics()
    if len(data) > MAX_BYTES:
        size = f"{len(data) / 1024:,.0f} KiB, the limit is {MAX_BYTES // 1024} KiB"
        bag.add(_whole_file(path_text, "FC0012", "the file is too large", size))
        return None, bag
    encoding = _foreign_encoding(data)
    if encoding:
        help_text = "save the file as UTF-8"
        bag.add(_whole_file(path_text, "FC0001", f"the file is {encoding}, not UTF-8", None, help_text))
        return None, bag
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        place = f"{path_text}, byte {error.start + 1} (line {line})"
        bag.add(_whole_file(place, "FC0001", "the file is not UTF-8 text", None, "save the file as UTF-8"))
        return None, bag
    return Source(path_text, text.removeprefix("\ufeff")), bag


def read(source: Source, *, pure: bool = False) -> tuple[Mapping | None, Diagnostics]:
    """The root mapping, or None when the text has no usable structure. `pure` avoids libyaml."""
    bag = Diagnostics()
    problem = _check_text(source)
    if problem is not None:
        bag.add(problem)
        return None, bag
    composer = _Composer(source, bag)
    loader: Any = yaml.SafeLoader if pure or _LIBYAML is None else _LIBYAML
    try:
        root = composer.compose(yaml.parse(source.text.replace("\t", " "), Loader=loader))
    except _Refused as refused:
        bag.add(refused.diagnostic)
        return None, bag
    except yaml.YAMLError as error:
        bag.add(describe(source, error))
        return None, bag
    return root, bag


# --- characters ---------------------------------------------------------------------------------------------------


def _whole_file(where: str, code: str, message: str, note: str | None, help_text: str | None = None) -> Diagnostic:
    notes = (note,) if note else ()
    return Diagnostic(code, message, None, where=where, notes=notes, helps=(help_text,) if help_text else ())


def _foreign_encoding(data: bytes) -> str | None:
    if data[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):
        return "UTF-32"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "UTF-16"
    if [byte == 0 for byte in data[:4]] in ([True, False] * 2, [False, True] * 2):
        return "UTF-16"
    return None


def _check_text(source: Source) -> Diagnostic | None:
    text = source.text
    if len(text) > MAX_BYTES:
        return Diagnostic("FC0012", "the file is too large", Label(source.span(0, 0), "more than 256 KiB"))
    forbidden = _FORBIDDEN.search(text)
    if forbidden:
        span = source.span(forbidden.start(), forbidden.end())
        name = "carriage return without a line feed" if forbidden[0] == "\r" else f"U+{ord(forbidden[0]):04X}"
        return Diagnostic("FC0001", "a character that a strategy file may not contain", Label(span, name))
    if not text.strip():
        return Diagnostic("FC0001", "the file is empty", Label(source.span(0, 0)), helps=("start with `flash: 1`",))
    if text.lstrip()[0] not in "{[":
        return _check_indentation(source)
    return None


def _check_indentation(source: Source) -> Diagnostic | None:
    tabs = list(_INDENTING_TAB.finditer(source.text))
    if not tabs:
        return None
    spans = [source.span(tab.start() + tab[0].index("\t"), tab.end()) for tab in tabs]
    edits = tuple(Edit(span, source.slice(span).replace("\t", "  ")) for span in spans)
    more = (f"{len(spans) - 1} more lines are indented with tabs",) if len(spans) > 1 else ()
    return Diagnostic(
        "FC0001",
        "a tab may not indent a line",
        Label(spans[0], "tab"),
        notes=("YAML measures indentation in spaces", *more),
        fixes=(Fix("put two spaces for each tab", Safety.UNSAFE, edits),),
    )


# --- structure ----------------------------------------------------------------------------------------------------


class _Refused(Exception):
    """The rest of the file is not worth reading. `read` catches it."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class _Frame:
    """A collection whose end has not been seen yet. In a mapping, `key` waits for its value."""

    __slots__ = ("children", "in_flow", "is_mapping", "key", "start")

    def __init__(self, start: int, is_mapping: bool, in_flow: bool) -> None:
        self.start = start
        self.is_mapping = is_mapping
        self.in_flow = in_flow
        self.children: list[Any] = []
        self.key: Scalar | None = None

    @property
    def wants_key(self) -> bool:
        return self.is_mapping and self.key is None


class _Composer:
    """Builds the tree from events with its own stack, so no nesting can exhaust Python's."""

    def __init__(self, source: Source, bag: Diagnostics) -> None:
        self.source = source
        self.bag = bag
        self.stack: list[_Frame] = []
        self.root: Node | None = None
        self.nodes = 0

    def compose(self, events: Iterator[Any]) -> Mapping:
        directive = _DIRECTIVE.match(self.source.text)
        if directive:
            raise self._refusal("FC0002", "a YAML directive is not allowed", directive.start(1), directive.end(1))
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._second_document(event)
            elif isinstance(event, yaml.NodeEvent):
                self._open(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                assert event.end_mark is not None
                self._close(event.end_mark.index)
        return self._checked_root()

    def _open(self, event: Any) -> None:
        """Take a node's first event."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            start = event.start_mark.index
            raise self._refusal("FC0012", f"the file has more than {MAX_NODES:,} keys and values", start, start)
        self._refuse_reference(event)
        if isinstance(event, yaml.ScalarEvent):
            self._add(self._scalar(event))
            return
        start, end = event.start_mark.index, event.end_mark.index
        if self.stack and self.stack[-1].wants_key:
            raise self._refusal("FC0010", "a key is a plain word, not a collection", start, end)
        if len(self.stack) >= MAX_DEPTH:
            raise self._refusal("FC0012", f"the file is nested more than {MAX_DEPTH} deep", start, end)
        in_flow = bool(event.flow_style) or self._in_flow
        self.stack.append(_Frame(start, isinstance(event, yaml.MappingStartEvent), in_flow))

    def _refuse_reference(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        if isinstance(event, yaml.AliasEvent):
            raise self._refusal("FC0002", "YAML aliases are not allowed", start, end)
        if event.anchor is not None or event.tag is not None:
            kind = "anchors" if event.anchor is not None else "tags"
            word = _REFERENCE.match(self.source.text, start)
            raise self._refusal("FC0002", f"YAML {kind} are not allowed", start, word.end() if word else end)

    def _scalar(self, event: Any) -> Scalar:
        start, end = event.start_mark.index, event.end_mark.index
        style = _STYLES[event.style]
        content = self._content(style, start, end)
        return Scalar(self.source.span(start, end), content, style, event.value, self._in_flow)

    @property
    def _in_flow(self) -> bool:
        return bool(self.stack) and self.stack[-1].in_flow

    def _content(self, style: Style, start: int, end: int) -> Span:
        if style in (Style.SINGLE, Style.DOUBLE):
            return self.source.span(start + 1, end - 1)
        if style in (Style.LITERAL, Style.FOLDED):
            newline = self.source.text.find("\n", start, end)
            return self.source.span(end if newline < 0 else newline + 1, end)
        return self.source.span(start, end)

    def _add(self, node: Node) -> None:
        if not self.stack:
            self.root = node
            return
        frame = self.stack[-1]
        if not frame.is_mapping:
            frame.children.append(node)
        elif frame.key is None:
            assert isinstance(node, Scalar)
            self._check_key(node)
            frame.key = node
        else:
            frame.children.append(Entry(frame.key, node))
            frame.key = None

    def _close(self, end: int) -> None:
        frame = self.stack.pop()
        children = tuple(frame.children)
        if not frame.in_flow:
            end = self._end_of_block(children, end)
        span = self.source.span(frame.start, max(frame.start, end))
        if frame.is_mapping:
            self._refuse_duplicates(children)
            self._add(Mapping(span, children, frame.in_flow))
        else:
            self._add(Sequence(span, children, frame.in_flow))

    def _end_of_block(self, children: tuple[Any, ...], end: int) -> int:
        """YAML ends a block collection where the next token begins; ours ends with its last child's text."""
        if not children:
            return end
        last: Node = children[-1].value if isinstance(children[-1], Entry) else children[-1]
        return last.span.start + len(self.source.slice(last.span).rstrip())

    # --- refusals ---

    def _refusal(self, code: str, message: str, start: int, end: int, *notes: str) -> _Refused:
        return _Refused(Diagnostic(code, message, Label(self.source.span(start, max(start, end))), notes=notes))

    def _second_document(self, event: Any) -> _Refused:
        start = event.start_mark.index
        return self._refusal("FC0002", "a strategy file holds one YAML document", start, start + 3)

    def _check_key(self, key: Scalar) -> None:
        if key.value == "<<":
            raise self._refusal("FC0002", "YAML merge keys are not allowed", key.span.start, key.span.end)
        if key.value.lower() in _YAML_BOOLEANS and len(self.bag) < MAX_FINDINGS:
            note = f"YAML 1.1 programs read `{key.value}` as true or false; choose another name"
            self.bag.add(Diagnostic("FC0011", f"`{key.value}` may not be a key", Label(key.span), notes=(note,)))

    def _refuse_duplicates(self, entries: tuple[Entry, ...]) -> None:
        first: dict[str, Entry] = {}
        for entry in entries:
            before = first.setdefault(entry.key.value, entry)
            if before is not entry and len(self.bag) < MAX_FINDINGS:
                self.bag.add(_duplicate(before, entry))

    def _checked_root(self) -> Mapping:
        if isinstance(self.root, Mapping):
            return self.root
        if self.root is None or (isinstance(self.root, Scalar) and not self.root.value):
            raise self._refusal("FC0001", "the file is empty", 0, 0, "it holds only comments")
        span = self.root.span
        raise self._refusal("FC0010", "a strategy file is a mapping: `key: value` lines", span.start, span.end)


def _duplicate(first: Entry, second: Entry) -> Diagnostic:
    return Diagnostic(
        "FC0003",
        f"the key `{first.key.value}` is written twice",
        Label(second.key.span, "again here"),
        secondary=(Label(first.key.span, "first written here"),),
        helps=("delete one of them",),
    )
