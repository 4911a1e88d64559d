"""Trade-flow functions as windows: `signed_volume(10s)` is `sum(trade.signed_qty, 10s)`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...dsl import ast
from ...dsl.source import Span
from ..ir.types import DURATION, INT
from ..library.function import Function
from .environment import Environment

if TYPE_CHECKING:
    from .elaborate import Elaborator

SECOND = 10**9
Node = int | None


@dataclass(frozen=True, slots=True)
class Window:
    """A call of a flow function: its length (ticks, or a time with panes) and its other argument, placed already."""

    el: Elaborator
    e: ast.Call
    env: Environment
    length: int
    length_span: Span
    pane: Node
    size: Node

    @property
    def at(self) -> Span:
        return self.e.func.span

    def join(self, op: str, *nodes: Node, **attrs: object) -> Node:
        return self.el.join(op, list(nodes), [self.at] * len(nodes), self.e.span, **attrs)

    def field(self, name: str) -> Node:
        return self.el.field("trade", name, self.env.instrument, self.at, self.env)

    def over(self, function: str, x: Node) -> Node:
        """`function(x, length)`, with panes if the length is a time."""
        nodes = [x, self.length] if self.pane is None else [x, self.length, self.pane]
        spans = [self.at, self.length_span, self.length_span][: len(nodes)]
        attrs: dict[str, object] = {} if self.pane is None else {"time": True}
        return self.el.join("call", nodes, spans, self.e.span, function=function, **attrs)


def is_duration(el: Elaborator, node: int) -> bool:
    made = el.graph[node]
    return made.op in ("const", "param") and made.attrs["type"] == DURATION


def windows(
    el: Elaborator,
    row: Function,
    e: ast.Call,
    placed: dict[str, tuple[Node, Span]],
    given: tuple[list[ast.Argument], list[Node]],
    env: Environment,
) -> Node:
    """A trade-flow call as windows: its length is a number of trades, or a time with or without `pane`."""
    length, span = placed.get("n") or placed["time"]
    assert length is not None
    pane: Node = next((i for a, i in zip(*given, strict=True) if a.name == "pane"), None)
    over_time = is_duration(el, length)
    if (pane is not None and not (over_time and is_duration(el, pane))) or not (over_time or "n" in placed):
        sized = "1 lot, " if "size" in placed else ""
        notes = (f"it is {row.name}({sized}10s, pane=1s)",)
        el.error("FC0104", f"`{row.name}` wants lengths of time here", span, "not a length of time", notes=notes)
        return None
    if over_time and pane is None:
        known = el.graph[length].attrs.get("value", 10**9)
        pane = el.constant(max(1, int(known) // 10), DURATION, span)  # type: ignore[call-overload]
    size = placed["size"][0] if "size" in placed else None
    return _BUILT[row.name](Window(el, e, env, length, span, pane, size))


def _signed_volume(w: Window) -> Node:
    return w.over("sum", w.field("signed_qty"))


def _trade_rate(w: Window) -> Node:
    qty = w.field("qty")
    every = w.join("le", qty, qty, swapped=False)
    seconds = w.join("div", w.length, w.el.constant(SECOND, DURATION, w.at))
    return w.join("div", w.over("count", every), seconds)


def _buy_share(w: Window) -> Node:
    qty, zero = w.field("qty"), w.el.constant(0, INT, w.at)
    bought = w.join("if", w.join("lt", zero, w.field("signed_qty"), swapped=False), qty, zero)
    return w.join("div", w.over("sum", bought), w.over("sum", qty))


def _large_trades(w: Window) -> Node:
    return w.over("count", w.join("le", w.size, w.field("qty"), swapped=True))


_BUILT: dict[str, Callable[[Window], Node]] = {
    "signed_volume": _signed_volume,
    "trade_rate": _trade_rate,
    "buy_share": _buy_share,
    "large_trades": _large_trades,
}
