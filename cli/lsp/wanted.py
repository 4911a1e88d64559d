"""What kind of value a place takes, where the text around it says so, and whether a value is of that kind."""

from __future__ import annotations

from dataclasses import dataclass

from ...compiler.analysis.wording import role_of
from ...compiler.frontend.built import Built
from ...compiler.ir.types import ClockSet, Kind, Type
from ...compiler.library.table import FUNCTIONS
from .expressions import Writing
from .probe import Probe

#: Field -> the role of its value; fields that are not listed are bare numbers.
ROLES = {
    **dict.fromkeys(("bid", "ask", "mid", "spread", "near_side", "far_side"), "price"),
    **dict.fromkeys(("open", "high", "low", "close", "vwap"), "price"),
    **dict.fromkeys(("bid_qty", "ask_qty", "volume"), "quantity"),
    **dict.fromkeys(("trade.price", "pos.entry", "pos.best", "pos.worst", "order.price"), "price"),
    **dict.fromkeys(("trade.qty", "trade.signed_qty", "pos.qty", "working.qty", "order.qty"), "quantity"),
    **dict.fromkeys(("order.filled", "order.queue_ahead"), "quantity"),
    **dict.fromkeys(("pos.notional", "working.notional", "order.notional", "day.pnl"), "notional"),
    **dict.fromkeys(("account.equity", "account.free"), "notional"),
    **dict.fromkeys(("pos.age", "order.age"), "duration"),
    **dict.fromkeys(("trade.side", "order.side", "pos.phase"), "enum"),
    "now": "time",
}

#: Key (the last ones of a path) -> the roles of its value.
_KEYS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("ttl", "cooldown", "min_gap", "lateness", "per", "within"), ("duration",)),
    **dict.fromkeys(("start", "reserve", "reinvest_after"), ("notional",)),
    **dict.fromkeys(("fraction", "keep", "compound"), ("ratio",)),
    "price": ("price",),
    "size": ("notional", "quantity", "ratio"),
}
_BLOCKS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("position", "max"): ("notional",),
    ("notional", "max"): ("notional",),
    ("day_loss", "limit"): ("notional",),
    ("drawdown", "limit"): ("ratio",),
    ("band", "max"): ("ratio",),
}
_SIGNATURE = {"price": "price", "qty": "quantity", "notional": "notional", "real": "ratio", "int": "ratio"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Roles that fit (empty: any), the clock that all must tick on (None: any), and whether it must be static."""

    roles: tuple[str, ...] = ()
    clocks: ClockSet | None = None
    static: bool = False

    def fits(self, role: str) -> bool:
        """Whether a value of a role can stand here. A role that nobody knows fits."""
        return not self.roles or not role or role in self.roles

    def ticks(self, clocks: ClockSet | None) -> bool:
        """Whether a value on some clocks can stand here; constants can everywhere."""
        return self.clocks is None or not clocks or clocks == self.clocks


def wanted(text: str, w: Writing, path: tuple[str, ...], probe: Probe | None, built: Built | None) -> Wanted:
    """What is wanted at a place of an expression."""
    if w.operand is not None and probe is not None and built is not None:
        known = probe.ask(text[w.operand[0] : w.operand[1]])
        return Wanted((role(known.type, built),) if known is not None and role(known.type, built) else ())
    if w.callee:
        return _argument(text, w, probe)
    if w.operator:
        return Wanted()
    return Wanted(_BLOCKS.get(path[-2:], ()) or _KEYS.get(path[-1] if path else "", ()))


def _argument(text: str, w: Writing, probe: Probe | None) -> Wanted:
    row = FUNCTIONS.get(w.callee)
    params = row.signature.params if row is not None else ()
    if row is None or w.argument >= len(params) or w.operator not in ("(", ","):
        return Wanted()
    param = params[w.argument]
    if param.is_static:
        return Wanted(("ratio",), None, True)
    clocks: ClockSet | None = None
    if row.stateful and w.argument and probe is not None:
        first = text[w.callee_start + len(w.callee) + 1 : w.word_start].split(",")[0]
        known = probe.ask(first) if first.strip() else None
        clocks = known.clocks or None if known is not None else None
    role_ = _SIGNATURE.get(param.type) or (param.type if param.type in ("bool", "duration", "time") else "")
    return Wanted((role_,) if role_ else (), clocks)


def role(type_: Type, built: Built) -> str:
    """`price`, `quantity`, `notional`, `ratio`, `bool`, `duration`, `time`, `enum`, `record`; empty for other units."""
    if type_.kind in (Kind.INT, Kind.REAL):
        return role_of(type_.dim, built) or f"unit {type_.dim}"
    return type_.kind.value


def result_role(result: str) -> str:
    """The role of what a signature returns; empty where it depends on the arguments."""
    plain = result.removesuffix("?")
    return _SIGNATURE.get(plain) or (plain if plain in ("bool", "duration", "time") else "")
