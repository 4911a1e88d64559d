"""Expression text -> `dsl.ast`, in place: the parser reads `source.text[span]`; every node has its true file offsets.

A correct expression takes one pass of the Lark parser and one walk over its tree. A wrong one is read again, piece by
piece, by `expression_errors`, which explains it. Nothing here recurses, so no text can exhaust the stack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from .ast import (
    Argument,
    At,
    Binary,
    Boolean,
    Call,
    ClockName,
    Compare,
    Expr,
    If,
    Index,
    Member,
    Name,
    Number,
    Quantity,
    Unary,
)
from .diagnostics import Diagnostic, Diagnostics, Edit, Fix, Label, Safety
from .expression_tables import parser
from .source import Source, Span

if TYPE_CHECKING:
    from lark import Token, Tree

#: Levels of brackets, prefixes and operators in one expression. Later stages walk the tree by recursion.
MAX_DEPTH = 100

#: Decimal exponents a literal may have: beyond them its value is not a finite, non-zero double.
MAX_EXPONENT = 308

_Make = Callable[[list[Any]], Any]
_CHAINS = frozenset({"disjunction", "conjunction", "fallback", "sum", "product"})


def parse_expression(source: Source, span: Span, bag: Diagnostics) -> Expr | None:
    """Parse `source.text[span]`. What is wrong goes to `bag`.

    None when there is no tree to go on with. A tree is also returned for a text whose slips have one plain reading
    (`a && b`), so that the stages behind can report what else they find.
    """
    from lark import TextSlice, UnexpectedInput

    try:
        tree = parser().parse(TextSlice(source.text, span.start, span.end))
    except UnexpectedInput:
        from .expression_errors import explain_failure  # a correct file never needs it

        found, repaired = explain_failure(source, span)
        bag.extend(found)
        if repaired is None:
            return None
        tree = repaired
    return _to_ast(tree, span, bag)


def tokens(text: str) -> list[str]:
    """The token texts of `text`, without spaces and comments. Never fails: an unknown character is a token."""
    from .expression_scanner import token_texts

    return list(token_texts(text))


def _to_ast(tree: Tree[Token], span: Span, bag: Diagnostics) -> Expr | None:
    builder = _Builder(span.path)
    expr = builder.build(tree)
    bag.extend((*builder.problems, *builder.slips))
    if builder.depth > MAX_DEPTH:
        bag.add(_too_deep(span, builder.depth))
    if builder.problems or builder.depth > MAX_DEPTH:
        return None
    for chain in builder.chains:
        bag.extend(_chain_problems(chain))
    return expr


def _too_deep(span: Span, depth: int) -> Diagnostic:
    return Diagnostic(
        "FC0012",
        f"this expression is nested {depth} levels deep",
        Label(span, f"at most {MAX_DEPTH} levels"),
        helps=("name parts of it under `let:` and use the names here",),
        facts={"depth": depth, "limit": MAX_DEPTH},
    )


def _chain_problems(node: Compare) -> Iterator[Diagnostic]:
    """A chain of comparisons climbs or falls; the first operator that turns is pointed at."""
    seen: dict[str, Span] = {}
    for op, span in zip(node.ops, node.op_spans, strict=True):
        way = {"<": "up", "<=": "up", ">": "down", ">=": "down", "==": "level", "!=": "not equal"}[op]
        turned = [other for other in seen if other != way and "level" not in (way, other)]
        if turned or (way == "not equal" and way in seen):
            first = seen[turned[0]] if turned else seen[way]
            yield Diagnostic(
                "FC0109",
                "this chain of comparisons changes direction",
                Label(span, f"`{op}` does not go on from the first"),
                secondary=(Label(first, "the chain begins this way"),),
                notes=("a chain reads like a range: `0.2 < x < 0.8`, all `<` and `<=`, or all `>` and `>=`",),
                helps=("write two comparisons joined by `and`",),
            )
            return
        seen.setdefault(way, span)


def walk(expr: Expr) -> Iterator[Expr]:
    """Every expression node below and including `expr`, without recursion."""
    todo: list[Expr] = [expr]
    while todo:
        node = todo.pop()
        yield node
        todo.extend(children(node))


def children(node: Expr) -> tuple[Expr, ...]:
    """The direct sub-expressions of `node`, in the order of the text."""
    match node:
        case Member(base=base) | At(base=base):
            return (base,)
        case Call(func=func, args=args):
            return (func, *(a.value for a in args))
        case Index(base=base, index=index):
            return (base, index)
        case Unary(operand=operand):
            return (operand,)
        case Binary(left=left, right=right):
            return (left, right)
        case Compare(operands=operands):
            return operands
        case If(condition=condition, then=then, orelse=orelse):
            return (condition, then, orelse)
        case _:
            return ()


class _Builder:
    """Parse tree -> nodes, bottom up. One method per rule of the grammar; `children` are nodes and tokens."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.problems: list[Diagnostic] = []
        self.slips: list[Diagnostic] = []  # mended: the tree can be used
        self.chains: list[Compare] = []
        self.depth = 0  # levels of the built tree, brackets included

    def build(self, tree: Tree[Token]) -> Expr:
        from lark import Tree

        order, todo = [], [tree]
        while todo:
            node = todo.pop()
            order.append(node)
            todo.extend([child for child in node.children if isinstance(child, Tree)])
        made: dict[int, tuple[Any, int]] = {}
        for node in reversed(order):
            parts: list[Any] = []
            inner = 0
            for child in node.children:
                if isinstance(child, Tree):
                    part, height = made[id(child)]
                    parts.append(part)
                    inner = max(inner, height)
                else:
                    parts.append(child)
            make: _Make = getattr(self, f"_{node.data}")
            # A chain `a + b + c` leans to the left: one level per operator.
            made[id(node)] = make(parts), inner + (len(parts) // 2 if node.data in _CHAINS else 1)
        expr, self.depth = made[id(tree)]
        return cast(Expr, expr)

    def _span(self, token: Token) -> Span:
        assert token.start_pos is not None and token.end_pos is not None  # of the file: a slip is read as another word
        return Span(self.path, token.start_pos, token.end_pos)

    def _decimal(self, token: Token) -> tuple[Decimal, bool]:
        text = token.replace("_", "")
        mantissa, _, exponent = text.lower().partition("e")
        small = len(exponent) < 7 and abs(int(exponent or 0)) <= MAX_EXPONENT
        value = Decimal(text) if small else Decimal(0)
        if not small or (value and abs(value.adjusted()) > MAX_EXPONENT):
            label = Label(self._span(token), f"beyond 1e{MAX_EXPONENT} or 1e-{MAX_EXPONENT}")
            self.problems.append(Diagnostic("FC0218", "this number is out of range", label))
        return value, "." not in mantissa and not exponent

    def _start(self, children: list[Any]) -> Expr:
        return cast(Expr, children[0])

    def _conditional(self, c: list[Any]) -> If:
        return If(self._span(c[0]).to(c[5].span), c[1], c[3], c[5])

    def _chain(self, c: list[Any]) -> Expr:
        result: Expr = c[0]
        for op, right in zip(c[1::2], c[2::2], strict=True):
            result = Binary(result.span.to(right.span), str(op), self._span(op), result, right)
        return result

    _disjunction = _conjunction = _fallback = _sum = _product = _chain

    def _comparison(self, c: list[Any]) -> Compare:
        ops = c[1::2]
        spans = tuple(map(self._span, ops))
        node = Compare(c[0].span.to(c[-1].span), tuple(c[0::2]), tuple(map(str, ops)), spans)
        if len(ops) > 1:
            self.chains.append(node)
        return node

    def _prefix(self, c: list[Any]) -> Unary:
        op = self._span(c[0])
        return Unary(op.to(c[1].span), str(c[0]), op, c[1])

    def _at(self, c: list[Any]) -> At:
        return At(c[0].span.to(c[2].span), c[0], c[2])

    def _index(self, c: list[Any]) -> Index:
        return Index(c[0].span.to(self._span(c[3])), c[0], c[2])

    def _member(self, c: list[Any]) -> Member:
        name = self._span(c[2])
        return Member(c[0].span.to(name), c[0], str(c[2]), name)

    def _call(self, c: list[Any]) -> Expr:
        func, bracket = c[0], self._span(c[1])
        if not isinstance(func, Name | Member):
            self.problems.append(_not_callable(func, bracket))
            return cast(Expr, func)
        args = tuple(a for a in c[2:] if isinstance(a, Argument))
        return Call(func.span.to(self._span(c[-1])), func, args)

    def _named_argument(self, c: list[Any]) -> Argument:
        return Argument(self._span(c[0]).to(c[2].span), str(c[0]), c[2])

    def _argument(self, c: list[Any]) -> Argument:
        return Argument(c[0].span, None, c[0])

    def _clock_duration(self, c: list[Any]) -> ClockName:
        return ClockName(self._span(c[0]).to(self._span(c[1])), self._decimal(c[0])[0], str(c[1]), None, None)

    def _clock_event(self, c: list[Any]) -> ClockName:
        return ClockName(self._span(c[0]), None, None, str(c[0]), None)

    def _clock_of_instrument(self, c: list[Any]) -> ClockName:
        return ClockName(self._span(c[0]).to(self._span(c[4])), None, None, str(c[3]), str(c[1]))

    def _quantity(self, c: list[Any]) -> Quantity:
        unit = self._span(c[1])
        return Quantity(self._span(c[0]).to(unit), *self._decimal(c[0]), str(c[1]), unit)

    def _number(self, c: list[Any]) -> Number:
        return Number(self._span(c[0]), *self._decimal(c[0]))

    def _name(self, c: list[Any]) -> Name | Boolean:
        word = c[0].lower()
        if word in ("true", "false") and word != c[0]:
            self.slips.append(_capital_truth(self._span(c[0]), word))
            return Boolean(self._span(c[0]), word == "true")
        return Name(self._span(c[0]), str(c[0]))

    def _boolean(self, c: list[Any]) -> Boolean:
        return Boolean(self._span(c[0]), c[0] == "true")

    def _parenthesised(self, c: list[Any]) -> Expr:
        """Brackets belong to the extent of what they enclose: `(a + b) * c` spans from its first bracket."""
        return cast(Expr, replace(c[1], span=self._span(c[0]).to(self._span(c[2]))))


def _capital_truth(span: Span, word: str) -> Diagnostic:
    fix = Fix(f"write `{word}`", Safety.SAFE, (Edit(span, word),))
    return Diagnostic("FC0108", f"`{word}` is written in small letters", Label(span), fixes=(fix,))


def _not_callable(func: Expr, bracket: Span) -> Diagnostic:
    place = Span(func.span.path, func.span.end, func.span.end)
    safety = Safety.SAFE if isinstance(func, Number | Quantity) else Safety.UNSAFE
    return Diagnostic(
        "FC0101",
        "only a name can be called",
        Label(bracket, "a call begins here"),
        secondary=(Label(func.span, "this is a value, not a function"),),
        helps=("two factors need a `*` between them",),
        fixes=(Fix("write `*` between the factors", safety, (Edit(place, " * "),)),),
    )
