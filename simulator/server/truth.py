"""What the exchange itself knows, as plain JSON values: the measure that a client's picture is held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exchange.amounts import amount_text
from ..exchange.orders import Fill, Order

if TYPE_CHECKING:
    from .driver import Driver
    from .world import World

_MS = 1_000_000


def state(world: World, driver: Driver) -> dict[str, object]:
    """Time, symbols, connections, counts and faults. Times are epoch ms."""
    exchange, hub = world.exchange, world.hub
    streams = [
        {
            "number": one.number,
            "account": one.account,
            "channels": sorted(one.channels),
            "opened_ms": one.opened_ns // _MS,
        }
        for one in hub.connections.values()
    ]
    return {
        "time_ms": world.now_ns // _MS,
        "speed": driver.clock.speed or "max",
        "lag_ms": driver.lag_ns // _MS,
        "worst_lag_ms": driver.worst_lag_ns // _MS,
        "connections": driver.connections(),
        "streams": streams,
        "counts": {**world.counts, "rejected": driver.rejected()},
        "symbols": {name: _symbol(world, name) for name in exchange.specs},
        "accounts": list(exchange.floor.accounts),
        "traders": _traders(world),
        "faults": [f"{one.number} {one.spec.id} {one.spec.name}" for one in world.board.active],
    }


def _traders(world: World) -> dict[str, int]:
    """What the background traders did; how many there are."""
    if (crowd := world.crowd) is None:
        return {"number": 0, "placed": 0, "refused": 0, "cancelled": 0}
    counts = {"placed": crowd.placed, "refused": crowd.refused, "cancelled": crowd.cancelled}
    return {"number": crowd.number, **counts}


def _symbol(world: World, name: str) -> dict[str, object]:
    spec = world.exchange.specs[name]
    version, bids, asks = world.exchange.depth(name, 1)
    best = {
        side: [
            amount_text(levels[0][0], spec.price_decimals, strip=False),
            amount_text(levels[0][1], spec.qty_decimals),
        ]
        for side, levels in (("bid", bids), ("ask", asks))
        if levels
    }
    return {"status": spec.status, "version": version, **best}


def ledger(world: World, account: str = "") -> dict[str, object]:
    """Balances, orders and fills of every account (or of one), and whether all of it adds up."""
    names = [name for name in world.exchange.floor.accounts if account in ("", name)]
    audit = world.exchange.audit()
    return {
        "time_ms": world.now_ns // _MS,
        "accounts": {name: _account(world, name) for name in names},
        "fees": _balances(world, "fees"),
        "audit": {"right": audit.is_right, "problems": list(audit.problems), "postings": audit.postings},
    }


def _account(world: World, name: str) -> dict[str, object]:
    exchange = world.exchange
    orders = exchange.all_orders(name)
    fills = [fill for symbol in exchange.specs for fill in exchange.fills(name, symbol)]
    return {
        "balances": _balances(world, name),
        "open_orders": sum(order.is_open for order in orders),
        "orders": [_order(world, order) for order in orders],
        "fills": [_fill(world, fill) for fill in fills],
    }


def _balances(world: World, name: str) -> dict[str, dict[str, str]]:
    ledger_ = world.exchange.ledger
    return {
        asset: {
            "free": amount_text(free, ledger_.decimals[asset]),
            "locked": amount_text(locked, ledger_.decimals[asset]),
        }
        for asset, (free, locked) in ledger_.balances(name).items()
    }


def _order(world: World, order: Order) -> dict[str, object]:
    spec = world.exchange.specs[order.symbol]
    return {
        "order_id": order.order_id,
        "client_id": order.client_id,
        "symbol": order.symbol,
        "side": order.side.value,
        "type": order.type.value,
        "price": amount_text(order.price_ticks, spec.price_decimals),
        "quantity": amount_text(order.lots, spec.qty_decimals),
        "executed": amount_text(order.executed_lots, spec.qty_decimals),
        "value": amount_text(order.executed_value, spec.value_decimals),
        "status": order.status.value,
        "created_ms": order.created_ns // _MS,
        "updated_ms": order.updated_ns // _MS,
    }


def _fill(world: World, fill: Fill) -> dict[str, object]:
    spec = world.exchange.specs[fill.symbol]
    return {
        "trade_id": fill.trade_id,
        "order_id": fill.order_id,
        "client_id": fill.client_id,
        "symbol": fill.symbol,
        "side": fill.side.value,
        "price": amount_text(fill.price_ticks, spec.price_decimals),
        "quantity": amount_text(fill.lots, spec.qty_decimals),
        "fee": amount_text(fill.fee_atoms, world.exchange.ledger.decimals[fill.fee_asset]),
        "fee_asset": fill.fee_asset,
        "maker": fill.is_maker,
        "time_ms": fill.time_ns // _MS,
    }
