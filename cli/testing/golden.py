"""`intents:`: the golden table of orders, compared with what a test brought, and written anew by `--update`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from ...compiler.frontend.assertions import CheckedTest, Wanted
from ...compiler.ir.types import duration_text
from ...compiler.venues.profile import InstrumentProfile
from ...dsl.cst import Mapping, Node
from ...dsl.diagnostics import Diagnostic, Edit, Label
from ...dsl.source import Source
from ...runtime.market_data.moments import moment_text
from .seen import Order

Facts = dict[str, InstrumentProfile]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table as text: what is compared is what is written."""

    t: str
    side: str
    style: str
    qty: str
    price: str
    rule: str

    def yaml(self) -> str:
        """`{t: 1s, side: sell, ...}`."""
        price = f", price: {self.price}" if self.price else ""
        head = f"{{t: {self.t}, side: {self.side}, style: {self.style}, qty: {self.qty}{price}"
        return f"{head}, rule: {self.rule}}}"


def line_of(test: CheckedTest, order: Order, facts: Facts) -> Line:
    """An order as the table writes it."""
    one = facts[order.alias]
    base, _, quote = one.symbol.partition("/")
    qty = f"{_decimal(order.lots, one.qty_decimals)} {base}"
    price = f"{_decimal(order.ticks, one.price_decimals)} {quote}/{base}" if order.ticks else ""
    time = duration_text(order.since_ns) if test.decl.kind == "rows" else moment_text(order.time_ns)
    return Line(time, order.side_text, order.style, qty, price, order.rule)


def _decimal(count: int, decimals: int) -> str:
    text = f"{Decimal(count).scaleb(-decimals):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def compare(test: CheckedTest, orders: Sequence[Order], facts: Facts) -> Diagnostic | None:
    """FC0810 at the first line that differs."""
    if test.intents is None:
        return None
    for wanted, order in zip(test.intents, orders, strict=False):
        line = line_of(test, order, facts)
        if not _same(wanted, order, line, facts[order.alias]):
            return _differs(test, f"the strategy wants `{line.yaml()}`", wanted, "another order")
    if len(orders) > len(test.intents):
        line = line_of(test, orders[len(test.intents)], facts)
        count = len(orders) - len(test.intents)
        what = f"the strategy wants {count} more, the first is `{line.yaml()}`"
        return _differs(test, what, None, f"the table has {len(test.intents)}")
    if len(orders) < len(test.intents):
        return _differs(test, "the strategy does not want it", test.intents[len(orders)], "no such order")
    return None


def _same(wanted: Wanted, order: Order, line: Line, one: InstrumentProfile) -> bool:
    decl = wanted.decl
    lots, ticks = (
        wanted.qty * 10**one.qty_decimals,
        None if wanted.price is None else wanted.price * 10**one.price_decimals,
    )
    exact = lots == order.lots and (ticks or Fraction(0)) == order.ticks
    words = (decl.side, decl.style, decl.time.value) == (line.side, line.style, line.t)
    return exact and words and (decl.rule is None or decl.rule.value == line.rule)


def _differs(test: CheckedTest, note: str, wanted: Wanted | None, label: str) -> Diagnostic:
    span = test.decl.name.span if wanted is None else wanted.decl.span
    helps = ("if that is what you mean, `flashc test FILE --update` writes the table again",)
    facts = MappingProxyType({"test": test.decl.name.value, "kind": "intents"})
    message = "the orders are not those of the table"
    return Diagnostic("FC0810", message, Label(span, label), notes=(note,), helps=helps, facts=facts)


# --- writing


def table_edit(source: Source, root: Node, test: CheckedTest, orders: Sequence[Order], facts: Facts) -> Edit | None:
    """The edit that puts the table of a test up to date; comments elsewhere stay. None where nothing changes."""
    node = _test_node(root, test.decl.name.value)
    if node is None or node.in_flow or not node.entries:
        return None
    column = source.position(node.entries[0].key.span.start).column - 1
    indent = " " * column
    items = "".join(f"\n{indent}  - {line_of(test, order, facts).yaml()}" for order in orders)
    text = f"intents:{items}" if items else "intents: []"
    entry = node.entry("intents")
    if entry is not None:
        span = entry.key.span.to(entry.value.span)
        end = span.start + len(source.slice(span).rstrip())
        place = source.span(span.start, end)
        return None if source.slice(place) == text else Edit(place, text)
    end = node.span.start + len(source.slice(node.span).rstrip())
    return Edit(source.span(end, end), f"\n{indent}{text}")


def _test_node(root: Node, name: str) -> Mapping | None:
    tests = root.get("tests") if isinstance(root, Mapping) else None
    found = tests.get(name) if isinstance(tests, Mapping) else None
    return found if isinstance(found, Mapping) else None
