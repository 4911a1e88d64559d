"""The private side's parts of the client's state: orders, fills, balances, the account, rates and the clock.

Amounts are plain decimal text. A listen key shows as what is known of its life, never as itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..rest.client import MexcRest
from ..state import ClientState, Part
from ..stream.events import MS
from .balances import BalanceView
from .facts import FillFact
from .feed import PrivateFeed
from .orders import OrderView
from .units import units_text


def add_private(state: ClientState, feed: PrivateFeed) -> None:
    """Let the private side speak for its sections."""
    for section, part in private_parts(feed).items():
        state.add(section, part)


def private_parts(feed: PrivateFeed) -> Mapping[str, Part]:
    """Section of the state -> what speaks for it."""
    knowledge, rest = feed.knowledge, feed.rest
    return {
        "orders": lambda now_ns: [_order(view) for view in knowledge.orders()],
        "fills": lambda now_ns: [_fill(fill) for fill in knowledge.fills()],
        "balances": lambda now_ns: {view.asset: _balance(view) for view in knowledge.balances.views()},
        "account": lambda now_ns: feed.picture(),
        "rates": lambda now_ns: _rates(rest, now_ns),
        "clock": lambda now_ns: _clock(rest, now_ns),
    }


def _order(view: OrderView) -> dict[str, object]:
    return {
        "symbol": view.symbol,
        "order_id": view.order_id,
        "client_id": view.client_id,
        "side": view.side,
        "type": view.type,
        "status": view.status,
        "price": units_text(view.price),
        "quantity": units_text(view.qty),
        "executed": units_text(view.executed),
        "settled": view.settled,
        "conflict": view.conflict,
        "unknown": list(view.unknown),
        "question": view.question,
    }


def _fill(fill: FillFact) -> dict[str, object]:
    return {
        "symbol": fill.symbol,
        "trade_id": fill.trade_id,
        "order_id": fill.order_id,
        "side": fill.side,
        "price": units_text(fill.price),
        "quantity": units_text(fill.qty),
        "fee": units_text(fill.fee),
        "fee_asset": fill.fee_asset,
        "time_ms": fill.time_ms,
    }


def _balance(view: BalanceView) -> dict[str, object]:
    return {"free": units_text(view.free), "locked": units_text(view.locked), "ambiguous": view.ambiguous}


def _rates(rest: MexcRest, now_ns: int) -> dict[str, object]:
    budget = rest.budget
    return {
        "use": {row.name: {"used": row.used, "most": row.most} for row in budget.use(now_ns)},
        "percent": budget.percent,
        "closed_ms": budget.closed_ns(now_ns) // MS,
        "counters": {**budget.counters, **rest.counters},
    }


def _clock(rest: MexcRest, now_ns: int) -> dict[str, object]:
    clock = rest.server_clock
    uncertain_ns = clock.uncertainty_ns(now_ns)
    return {
        "usable": clock.usable(now_ns),
        "server_ms": None if uncertain_ns is None else clock.server_ms(now_ns),
        "uncertain_ms": None if uncertain_ns is None else uncertain_ns // MS,
        "steps": clock.steps,
        "jumps": clock.jumps,
    }
