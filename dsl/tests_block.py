"""The `tests:` block: every test as typed values, and what is wrong with one before any of it is run."""

from __future__ import annotations

from .cst import Mapping, Node, Sequence
from .diagnostics import Diagnostic, Label
from .document import Expectation, Generated, Located, NamedExpr, TestDecl, TestRow, WantedOrder
from .fields import Fields
from .literals import read_range

#: What a test runs on; exactly one of them.
SOURCES = ("rows", "tape", "generate")

#: Assertions, and the key that belongs to each: `at` has its condition under `holds`.
_KINDS = ("at", "always", "never", "eventually", "count")
_COMPANION = {"at": "holds", "eventually": "within", "count": "in"}

#: Keys that mean what the options of `backtest` mean. Rows have no market, so they have none of them.
OPTIONS = ("from", "to", "fees", "slippage", "latency", "queue", "fill")
_OF_ROWS = ("start", "fills")


def read_tests(fields: Fields, node: Node | None) -> tuple[TestDecl, ...]:
    """The tests in file order; those with a frame that cannot be read are left out."""
    found = (_Reader(fields, name, test).test() for name, test in fields.named(node) if isinstance(test, Mapping))
    return tuple(test for test in found if test is not None)


class _Reader:
    """Reads one test."""

    def __init__(self, fields: Fields, name: Located[str], node: Mapping) -> None:
        self.fields, self.name, self.node = fields, name, node

    def test(self) -> TestDecl | None:
        node, fields = self.node, self.fields
        begun = len(fields.bag.errors)
        rows, generate = self._rows(), self._generate()
        fills = fields.text(node.get("fills"))
        options = ((key, fields.text(node.get(key))) for key in OPTIONS)
        made = TestDecl(
            self.name,
            self.name.span.to(node.span),
            self._values(node.get("start")),
            rows,
            fills.value if fills is not None else "full",
            self._values(node.get("params")),
            self._expectations(),
            self._intents(),
            fields.text(node.get("tape")),
            fields.text(node.get("sha256")),
            generate,
            fields.text(node.get("instrument")),
            tuple((key, text) for key, text in options if text is not None),
        )
        readable = len(fields.bag.errors) == begun
        return made if readable and self._is_whole(made) and len(fields.bag.errors) == begun else None

    def _error(self, code: str, message: str, span: Located[str] | None, label: str, *helps: str) -> None:
        place = self.name.span if span is None else span.span
        self.fields.bag.add(Diagnostic(code, message, Label(place, label), helps=helps))

    # --- the frame

    def _is_whole(self, made: TestDecl) -> bool:
        """One source, keys that fit it, and something that is asked."""
        name, node = self.name.value, self.node
        given = [key for key in SOURCES if node.get(key) is not None]
        if len(given) != 1:
            what = "has nothing to run on" if not given else f"has {' and '.join(f'`{key}`' for key in given)}"
            self._error("FC0809", f"`{name}` {what}", None, "one of `rows`, `tape`, `generate`", *self._choices(given))
            return False
        if given == ["rows"] and not made.rows:
            self._error("FC0809", f"`{name}` has no rows", None, "nothing happens", "write one: `- {t: 0s, ...}`")
            return False
        self._check_keys(given[0])
        if not made.expect and made.intents is None:
            helps = ("add `expect:` with assertions such as `never: pos.notional > 100 USDC`",
                     "or add `intents: []` and run `flashc test FILE --update`: it writes the orders")  # fmt: skip
            self._error("FC0809", f"`{name}` expects nothing", None, "it cannot fail", *helps)
        return True

    @staticmethod
    def _choices(given: list[str]) -> tuple[str, ...]:
        if given:
            return ("write two tests: one for each",)
        return ("`rows: [{t: 0s, ...}]` gives values by hand", "`generate: {kind: walk, seed: 1}` needs no data")

    def _check_keys(self, source: str) -> None:
        for entry in self.node.unique():
            key = entry.key.value
            wrong = key in (*OPTIONS, "sha256") if source == "rows" else key in _OF_ROWS
            wrong |= source == "generate" and key in ("from", "to", "sha256")
            if wrong:
                where = Located(key, entry.key.content)
                self._error("FC0809", f"`{key}` has no meaning here", where, f"the test is made of `{source}`")

    # --- values

    def _values(self, node: Node | None) -> tuple[NamedExpr, ...]:
        """Names, which may have dots, with their expressions."""
        found: list[NamedExpr] = []
        for entry in node.unique() if isinstance(node, Mapping) else ():
            expr = self.fields.expr(entry.value)
            if expr is not None:
                found.append(NamedExpr(Located(entry.key.value, entry.key.content), expr))
        return tuple(found)

    def _rows(self) -> tuple[TestRow, ...]:
        node, found = self.node.get("rows"), []
        for item in node.items if isinstance(node, Sequence) else ():
            if isinstance(item, Mapping):
                values = self._values(item)
                time = next((v.expr for v in values if v.name.value == "t"), None)
                if time is None:
                    message = f"a row of `{self.name.value}` has no time"
                    help_ = "begin it with `t: 0s`: the time since the start"
                    self.fields.bag.add(Diagnostic("FC0809", message, Label(item.span), helps=(help_,)))
                    continue
                found.append(TestRow(time, tuple(v for v in values if v.name.value != "t"), item.span))
        return tuple(found)

    def _generate(self) -> Generated | None:
        node, fields = self.node.get("generate"), self.fields
        if not isinstance(node, Mapping):
            return None
        kind = fields.text(node.get("kind"))
        if kind is None:
            return None
        length, price, noise = (fields.expr(node.get(key)) for key in ("length", "price", "volatility"))
        return Generated(kind, fields.count(node.get("seed")), length, fields.text(node.get("from")), price, noise)

    # --- what is expected

    def _expectations(self) -> tuple[Expectation, ...]:
        node = self.node.get("expect")
        items = node.items if isinstance(node, Sequence) else ()
        made = (self._expectation(item, number) for number, item in enumerate(items) if isinstance(item, Mapping))
        return tuple(each for each in made if each is not None)

    def _expectation(self, item: Mapping, index: int) -> Expectation | None:
        fields, keys = self.fields, [entry.key.value for entry in item.unique()]
        kinds = [key for key in _KINDS if key in keys]
        if len(kinds) != 1 or not set(keys) <= {kinds[0], _COMPANION.get(kinds[0], kinds[0])}:
            self._not_one(item, kinds)
            return None
        kind = kinds[0]
        second = item.get(_COMPANION.get(kind, ""))
        if second is None and kind in ("at", "count"):
            self._not_one(item, kinds)
            return None
        low = high = None
        scalar = fields.scalar(second)
        if kind == "count" and scalar is not None:
            low, high = read_range(fields.source, scalar, fields.bag)
        expr = fields.expr(second if kind == "at" else item.get(kind))
        time = fields.expr(item.get("at") if kind == "at" else second) if kind in ("at", "eventually") else None
        return None if expr is None else Expectation(kind, index, expr, item.span, time, low, high)

    def _not_one(self, item: Mapping, kinds: list[str]) -> None:
        helps = (
            "`at: 1s` with `holds: ...`, `always: ...`, `never: ...`, `eventually: ...` perhaps with `within: 20m`, "
            "`count: ...` with `in: 3..40`",
        )
        what = f"`{kinds[0]}` stands without or beside what it needs" if kinds else "this says nothing"
        message = "an item of `expect` is one assertion"
        self.fields.bag.add(Diagnostic("FC0809", message, Label(item.span, what), helps=helps))

    def _intents(self) -> tuple[WantedOrder, ...] | None:
        node = self.node.get("intents")
        if not isinstance(node, Sequence):
            return None
        made = (self._intent(item) for item in node.items if isinstance(item, Mapping))
        return tuple(each for each in made if each is not None)

    def _intent(self, item: Mapping) -> WantedOrder | None:
        fields = self.fields
        time, side, style = (fields.text(item.get(key)) for key in ("t", "side", "style"))
        qty, price = fields.expr(item.get("qty")), fields.expr(item.get("price"))
        if time is None or side is None or style is None or qty is None:
            return None
        return WantedOrder(time, side.value, style.value, qty, price, fields.text(item.get("rule")), item.span)
