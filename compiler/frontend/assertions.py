"""The tests of a file, typed: their assertions are nodes of the strategy's own graph, their values are numbers.

A test never changes what the strategy means. So the graph that tests are read into is another one than the graph that
is compiled and traded: the same file, elaborated once more with the assertions as further roots.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from ...dsl import ast
from ...dsl.diagnostics import Diagnostic, Diagnostics, Edit, Fix, Label, Safety
from ...dsl.document import Expectation, NamedExpr, TestDecl, TestRow, WantedOrder
from ...dsl.source import Span
from ..analysis.field_types import field_type
from ..analysis.intervals import promised
from ..analysis.wording import noun
from ..ir.hir import Facts
from ..ir.types import Kind, Type
from .built import Built
from .constants import constant, grid_decimals
from .names import GROUPS
from .suggest import nearest

Value = int | Fraction | bool

#: Where a row's name can be found besides `let`: fields of the market that stand bare.
MARKET_FIELDS = ("bid", "ask", "mid", "spread", "bid_qty", "ask_qty")
BAR_FIELDS = ("open", "high", "low", "close", "volume", "vwap", "n_trades")
_START = ("qty", "entry", "age", "best", "worst", "rule")


@dataclass(frozen=True, slots=True)
class Given:
    """A constant that a test gives, in whole units (durations in ns), with its type."""

    value: Value
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class Key:
    """A name of rows: the nodes that it stands for (none where the strategy does not read it), and its type.

    `field` is the bare name of a field of the traded instrument (`mid`, `close`), or empty.
    """

    name: str
    nodes: tuple[int, ...]
    type: Type
    field: str


@dataclass(frozen=True, slots=True)
class Row:
    time_ns: int
    values: Mapping[str, Given]
    span: Span


@dataclass(frozen=True, slots=True)
class Assertion:
    """`node` is the condition in the graph of each instance, by alias."""

    decl: Expectation
    node: Mapping[str, int]
    time_ns: int | None
    low: int
    high: int | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line of a golden table: quantity and price in whole units."""

    decl: WantedOrder
    qty: Fraction
    price: Fraction | None


@dataclass(frozen=True, slots=True)
class CheckedTest:
    """A test with numbers. `keys` are the names of its rows; `aliases` the instruments that it is about."""

    decl: TestDecl
    aliases: tuple[str, ...]
    keys: Mapping[str, Key]
    rows: tuple[Row, ...]
    start: Mapping[str, Given]
    params: Mapping[str, Given]
    expect: tuple[Assertion, ...]
    intents: tuple[Wanted, ...] | None
    generate: Mapping[str, Given]


class Checker:
    """From typed roots to `CheckedTest`; what is wrong with values goes to `bag`."""

    def __init__(self, found: list[tuple[Built, Facts]], bag: Diagnostics) -> None:
        self.found, self.bag = found, bag
        self.built, self.facts = found[0]

    def tests(self) -> tuple[CheckedTest, ...]:
        made = (self._test(decl) for decl in self.built.document.tests)
        return tuple(test for test in made if test is not None)

    def _test(self, decl: TestDecl) -> CheckedTest | None:
        traded = [built.instance for built, _ in self.found]
        if decl.instrument is not None and decl.instrument.value not in traded:
            self._error("FC0801", f"`{decl.instrument.value}` is not traded", decl.instrument.span, traded)
            return None
        aliases = tuple(traded) if decl.instrument is None else (decl.instrument.value,)
        if decl.kind == "rows":
            aliases = aliases[:1]
        place = traded.index(aliases[0])
        one = _One(decl, *self.found[place], self.bag)
        nodes = [_One(decl, *self.found[traded.index(alias)], self.bag) for alias in aliases]
        return one.checked(aliases, nodes)

    def _error(self, code: str, message: str, span: Span, known: list[str]) -> None:
        help_ = f"there are {', '.join(f'`{name}`' for name in known)}"
        self.bag.add(Diagnostic(code, message, Label(span), helps=(help_,)))


class _One:
    """One test in the graph of one instance."""

    def __init__(self, decl: TestDecl, built: Built, facts: Facts, bag: Diagnostics) -> None:
        self.decl, self.built, self.facts, self.bag = decl, built, facts, bag
        name = decl.name.value
        self.roots = {(w.part, *w.place): root for root, w in built.test_roots if w.test == name}

    def checked(self, aliases: tuple[str, ...], instances: list[_One]) -> CheckedTest | None:
        begun = len(self.bag.errors)
        keys = self._keys()
        rows = self._rows(keys)
        start = self._start()
        params = self._params()
        expect = tuple(self._assertion(item, aliases, instances) for item in self.decl.expect)
        intents = None if self.decl.intents is None else tuple(map(self._wanted, enumerate(self.decl.intents)))
        generate = self._generate()
        if len(self.bag.errors) > begun or any(a is None for a in expect) or any(w is None for w in intents or ()):
            return None
        sure = tuple(a for a in expect if a is not None)
        wanted = None if intents is None else tuple(w for w in intents if w is not None)
        return CheckedTest(self.decl, aliases, keys, rows, start, params, sure, wanted, generate)

    def error(self, code: str, message: str, span: Span, label: str = "", *helps: str, fix: Fix | None = None) -> None:
        self.bag.add(Diagnostic(code, message, Label(span, label), helps=helps, fixes=() if fix is None else (fix,)))

    # --- constants

    def given(self, *where: object) -> Given | None:
        """The constant of a root; an error where it is none."""
        root = self.roots.get(where)
        if root is None or root.node not in self.facts.types:
            return None
        type_ = self.facts.types[root.node]
        value = constant(self.built, root.node, type_)
        if value is None:
            self.error("FC0809", "a test's values are constants", root.span, "this is computed from other values",
                       "write a number or a quantity such as `12`, `1.5 bps`, `64_000 USDC/BTC`")  # fmt: skip
            return None
        return Given(value, type_, root.span)

    def duration(self, *where: object) -> int | None:
        found = self.given(*where)
        if found is None:
            return None
        if found.type.kind is not Kind.DURATION and found.value != 0:
            self.error("FC0802", "expected a length of time", found.span, noun(found.type, self.built), "write `90s`")
            return None
        return int(found.value)

    def fits(self, name: str, wanted: Type, found: Given) -> bool:
        """Whether a value has the type of what it stands for; FC0802 otherwise."""
        kind = found.type.kind
        same = kind is wanted.kind or {kind, wanted.kind} <= {Kind.INT, Kind.REAL}
        if kind is Kind.REAL and wanted.kind is Kind.INT:
            same = Fraction(found.value).denominator == 1
        if same and (found.type.dim == wanted.dim or found.value == 0):
            return self._on_grid(name, wanted, found)
        text = self.built.text(found.span)
        unit = {Kind.DURATION: "s", Kind.BOOL: ""}.get(wanted.kind, f" {wanted.dim}".replace(" per ", "/"))
        bare = found.type.is_number and not found.type.dim.exponents and not any(c.isalpha() for c in text)
        fix = None
        if bare and unit.strip() and unit.strip() != "1":
            fix = Fix(f"write `{text}{unit}`", Safety.PLACEHOLDER, (Edit(found.span, f"{text}{unit}"),))
        message = f"`{name}` is {noun(wanted, self.built)}, not {noun(found.type, self.built)}"
        self.error("FC0802", message, found.span, "another unit", fix=fix)
        return False

    def _on_grid(self, name: str, wanted: Type, found: Given) -> bool:
        """Prices and quantities of the venue are whole ticks and lots."""
        if wanted.grid is None:
            return True
        decimals = grid_decimals(self.built, wanted.grid)
        if (Fraction(found.value) * 10**decimals).denominator == 1:
            return True
        step = f"0.{'0' * (decimals - 1)}1" if decimals else "1"
        self.error("FC0802", f"`{name}` is not a whole number of {wanted.grid.unit}s", found.span, "off the grid",
                   f"one {wanted.grid.unit} is {step}")  # fmt: skip
        return False

    # --- rows

    def _keys(self) -> dict[str, Key]:
        found: dict[str, Key] = {}
        for row in self.decl.rows:
            for value in row.values:
                name = value.name.value
                if name not in found:
                    key = self.key(name)
                    if key is None:
                        self._unknown(value)
                        continue
                    found[name] = key
        return found

    def key(self, name: str) -> Key | None:
        """What a name of a row stands for."""
        graph, types = self.built.graph, self.facts.types
        base, _, member = name.rpartition(".")
        if name in graph.lets:
            node = graph.lets[name]
            if node not in types or types[node].kind is Kind.RECORD:
                return None
            return Key(name, (node,), types[node], "")
        if base in graph.lets:
            record = graph.lets[base]
            nodes = tuple(
                n.id for n in graph.nodes if n.op == "member" and record in n.args and n.attrs["name"] == member
            )
            fields = dict(types[record].fields) if record in types else {}
            return Key(name, nodes, fields[member], "") if member in fields else None
        return self._field(name)

    def _field(self, name: str) -> Key | None:
        aliases = [i.alias.value for i in self.built.document.instruments]
        alias, _, rest = name.partition(".")
        alias, rest = (alias, rest) if alias in aliases and rest else (self.built.instance, name)
        source, _, last = rest.rpartition(".")
        if not source:
            source = "book" if rest in MARKET_FIELDS else "bar" if rest in BAR_FIELDS else ""
        if not source or source not in ("book", "bar", "trade") or (source == "trade" and last not in GROUPS["trade"]):
            return None
        nodes = tuple(n.id for n in self.built.graph.nodes if self._is(n.id, alias, source, last))
        own = last if alias == self.built.instance and source != "trade" else ""
        return Key(name, nodes, field_type(self.built, alias, source, last), own)

    def _is(self, node_id: int, alias: str, source: str, name: str) -> bool:
        node, ambient = self.built.graph[node_id], self.built.ambient
        if node.op != "field" or (node.attrs["instrument"], node.attrs["source"], node.attrs["name"]) != (
            alias,
            source,
            name,
        ):
            return False
        own_bars = ambient is not None and ambient.kind == "bar"
        return source != "bar" or not own_bars or node.attrs["period_ns"] == ambient.period_ns  # type: ignore[union-attr]

    def _unknown(self, value: NamedExpr) -> None:
        name, span = value.name.value, value.name.span
        lets = self.built.graph.lets
        if name in lets and lets[name] in self.facts.types:
            parts = ", ".join(f"`{name}.{part}`" for part, _ in self.facts.types[lets[name]].fields)
            self.error("FC0801", f"`{name}` has several values", span, "which of them?", f"name one: {parts}")
            return
        if name in self.built.params:
            self.error("FC0801", f"`{name}` is a parameter", span, "not a value that changes from row to row",
                       f"set it for the whole test: `params: {{{name}: ...}}`")  # fmt: skip
            return
        if name.partition(".")[0] in GROUPS:
            self.error("FC0801", f"`{name}` cannot be given", span, "the strategy's own books",
                       "an open position is `start: {qty: ..., entry: ..., age: ...}`")  # fmt: skip
            return
        guess = nearest(name, (*lets, *MARKET_FIELDS, *BAR_FIELDS))
        fix = Fix(f"did you mean `{guess}`?", Safety.SAFE, (Edit(span, guess),)) if guess else None
        helps = () if guess else ("rows give values to names of `let` and to fields such as `mid`, `bid`, `close`",)
        self.error("FC0801", f"no value called `{name}`", span, "not a name of `let` or of the market", *helps, fix=fix)

    def _rows(self, keys: Mapping[str, Key]) -> tuple[Row, ...]:
        found: list[Row] = []
        for number, row in enumerate(self.decl.rows):
            time = self.duration("row", number, "t")
            if time is None:
                continue
            if time < 0:
                self.error("FC0808", "a row cannot be before the start", row.time.span, "", "begin with `t: 0s`")
            if found and time <= found[-1].time_ns:
                self.error("FC0808", "rows go forward in time", row.time.span, "not after the row before",
                           "put the rows in order; two rows cannot be at one time")  # fmt: skip
            found.append(Row(time, self._values(number, row, keys), row.span))
        return tuple(found)

    def _values(self, number: int, row: TestRow, keys: Mapping[str, Key]) -> dict[str, Given]:
        made: dict[str, Given] = {}
        for value in row.values:
            name = value.name.value
            found = self.given("row", number, name)
            if found is None or name not in keys or not self._can_be(name, keys[name], found):
                continue
            if number and not any(name == v.name.value for v in self.decl.rows[0].values):
                help_ = f"add `{name}: ...` to the first row"
                self.error(
                    "FC0807", f"`{name}` has no value in the first row", value.name.span, "given from here", help_
                )
            made[name] = found
        return made

    def _can_be(self, name: str, key: Key, found: Given) -> bool:
        """Whether a value fits and lies where the compiler has proved values of this name to lie."""
        if not self.fits(name, key.type, found):
            return False
        known = [self.facts.intervals[node] for node in key.nodes if node in self.facts.intervals]
        if key.field and not known:
            source = "book" if key.field in MARKET_FIELDS else "bar"
            known = [promised(self.built.instrument(self.built.instance), source, key.field)]
        if all(interval.low <= found.value <= interval.high for interval in known):
            return True
        text = self.built.text(found.span)
        self.error("FC0802", f"`{name}` cannot be {text}", found.span, "never so by the venue's bounds")
        return False

    # --- start, parameters

    def _start(self) -> dict[str, Given]:
        alias = self.built.instance
        price, lots = (field_type(self.built, alias, "pos", name) for name in ("best", "qty"))
        types = {"qty": lots, "entry": price.off_grid(), "age": Type(Kind.DURATION), "best": price, "worst": price}
        made: dict[str, Given] = {}
        for value in self.decl.start:
            name = value.name.value
            if name == "rule":
                self._rule(value)
            elif name not in types:
                self.error(
                    "FC0801", f"a position has no `{name}`", value.name.span, "", f"there are {', '.join(_START)}"
                )
            else:
                found = self.given("start", name)
                if found is not None and self.fits(name, types[name], found) and self._positive(name, found):
                    made[name] = found
        if self.decl.start and not {"qty", "entry"} <= {v.name.value for v in self.decl.start}:
            self.error("FC0809", "an open position has a quantity and an entry price", self.decl.start[0].name.span, "",
                       "write `start: {qty: 0.002 BTC, entry: 64_000 USDC/BTC}`")  # fmt: skip
        return made

    def _positive(self, name: str, found: Given) -> bool:
        if found.value > 0 or (name == "age" and found.value == 0):
            return True
        self.error("FC0802", f"`{name}` of an open position is above 0", found.span, "no such position")
        return False

    def _rule(self, value: NamedExpr) -> None:
        entries = [rule.name.value for rule in self.built.document.entries]
        name = value.expr.name if isinstance(value.expr, ast.Name | ast.Member) else ""
        if name not in entries:
            helps = f"there are {', '.join(entries)}"
            self.error("FC0801", "no entry of this name opened the position", value.expr.span, "", helps)

    def _params(self) -> dict[str, Given]:
        declared = {p.name.value: p for p in self.built.document.params}
        made: dict[str, Given] = {}
        for value in self.decl.params:
            name = value.name.value
            if name not in declared:
                guess = nearest(name, declared)
                fix = Fix(f"did you mean `{guess}`?", Safety.SAFE, (Edit(value.name.span, guess),)) if guess else None
                self.error("FC0801", f"no parameter called `{name}`", value.name.span, "", fix=fix)
                continue
            found, node = self.given("params", name), self.built.params.get(name)
            if found is None or node is None or node not in self.facts.types:
                continue
            if self.fits(name, self.facts.types[node], found):
                self._in_range(name, found)
                made[name] = found
        return made

    def _in_range(self, name: str, found: Given) -> None:
        interval = self.facts.intervals.get(self.built.params[name])
        if interval is not None and not interval.low <= found.value <= interval.high:
            self.error("FC0601", f"`{name}` is outside of its range", found.span, "the declaration says `in`")

    # --- what is expected

    def _assertion(self, item: Expectation, aliases: tuple[str, ...], instances: list[_One]) -> Assertion | None:
        nodes = {}
        for alias, one in zip(aliases, instances, strict=True):
            root = one.roots.get(("expect", item.index))
            if root is None or root.node not in one.facts.types:
                return None
            made = one.facts.types[root.node]
            if made.kind is not Kind.BOOL:
                text = self.built.text(root.span)
                helps = (f"compare it with something: `{text} > ...`",) if made.is_number else ()
                message = f"expected a condition, found {noun(made, self.built)}"
                self.error("FC0203", message, root.span, "an assertion is true or false", *helps)
                return None
            nodes[alias] = root.node
        time = None if item.time is None else self.duration("time", item.index)
        low, high = (self._count(key, item) for key in ("low", "high"))
        if item.kind == "at" and self.decl.kind == "rows" and time is not None:
            self._has_row(time, item)
        if high is not None and low > high:
            self.error("FC0809", "the range is empty", item.span, "", "write it as `3..40`")
        return Assertion(item, nodes, time, low or 0, high)

    def _count(self, key: str, item: Expectation) -> int:
        found = self.given(key, item.index)
        return int(found.value) if found is not None else 0

    def _has_row(self, time: int, item: Expectation) -> None:
        known = [self.duration("row", number, "t") for number in range(len(self.decl.rows))]
        if time not in known and item.time is not None:
            times = ", ".join(f"`{self.built.text(row.time.span)}`" for row in self.decl.rows[:8])
            self.error(
                "FC0809", "no row has this time", item.time.span, "nothing is decided then", f"rows are at {times}"
            )

    def _wanted(self, numbered: tuple[int, WantedOrder]) -> Wanted | None:
        number, decl = numbered
        qty = self.given("qty", number)
        price = None if decl.price is None else self.given("price", number)
        alias = self.built.instance
        lots, ticks = field_type(self.built, alias, "pos", "qty"), field_type(self.built, alias, "pos", "best")
        if qty is None or not self.fits("qty", lots, qty):
            return None
        if decl.price is not None and (price is None or not self.fits("price", ticks, price)):
            return None
        return Wanted(decl, Fraction(qty.value), None if price is None else Fraction(price.value))

    def _generate(self) -> dict[str, Given]:
        price = field_type(self.built, self.built.instance, "pos", "entry")
        types = {"length": Type(Kind.DURATION), "price": price, "volatility": Type(Kind.REAL)}
        found = ((name, type_, self.given("generate", name)) for name, type_ in types.items())
        made = {name: value for name, type_, value in found if value is not None and self.fits(name, type_, value)}
        for name, value in made.items():
            if value.value < 0 or (value.value == 0 and name != "volatility"):
                self.error("FC0809", f"the {name} of generated data is above 0", value.span)
        return made
