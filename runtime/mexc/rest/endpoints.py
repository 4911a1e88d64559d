"""Every endpoint of the exchange that the client uses: path, weight, pool, and what a request to it changes.

Two editions of the exchange's documents give different weights. `newer` and `older` hold both; the greater one is
charged, because nobody outside knows which is enforced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


class Effect(Enum):
    """What a request changes, if it arrives."""

    READ = "nothing"
    CREATE = "creates orders"
    CANCEL = "cancels orders"
    WRITE = "changes settings or listen keys"


class Share(Enum):
    """Who spends the budget, from first to last."""

    CANCEL = 0
    RECONCILE = 1
    ORDER = 2
    REST = 3


class Pool(Enum):
    """What the exchange counts a request on."""

    IP = "address"
    UID = "account"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row. `orders`: counts in the pool of order requests; `per_second`: a limit of its own, 0 if none."""

    name: str
    method: str
    path: str
    newer: int
    older: int
    share: Share = Share.REST
    effect: Effect = Effect.READ
    signed: bool = False
    orders: bool = False
    per_second: int = 0

    @property
    def weight(self) -> int:
        return max(self.newer, self.older)

    @property
    def pools(self) -> tuple[Pool, ...]:
        """Unsigned requests count on the address, signed ones on the account, those for orders on both."""
        if self.orders:
            return (Pool.IP, Pool.UID)
        return (Pool.UID,) if self.signed else (Pool.IP,)


_V3 = "/api/v3/"


def _public(name: str, path: str, newer: int, older: int, share: Share = Share.REST) -> Endpoint:
    return Endpoint(name, "GET", _V3 + path, newer, older, share)


def _read(name: str, path: str, weight: int, share: Share = Share.RECONCILE, per_second: int = 0) -> Endpoint:
    return Endpoint(name, "GET", _V3 + path, weight, weight, share, signed=True, per_second=per_second)


def _order(name: str, method: str, path: str, share: Share, effect: Effect, per_second: int = 0) -> Endpoint:
    return Endpoint(name, method, _V3 + path, 1, 1, share, effect, signed=True, orders=True, per_second=per_second)


def _write(name: str, method: str, path: str, weight: int, share: Share = Share.RECONCILE) -> Endpoint:
    return Endpoint(name, method, _V3 + path, weight, weight, share, Effect.WRITE, signed=True)


_ROWS = (
    _public("ping", "ping", 1, 1),
    _public("time", "time", 1, 1, Share.RECONCILE),
    _public("exchange_info", "exchangeInfo", 25, 10, Share.RECONCILE),
    _public("default_symbols", "defaultSymbols", 1, 1, Share.RECONCILE),
    _public("offline_symbols", "symbol/offline", 10, 10, Share.RECONCILE),
    _public("depth", "depth", 3, 1, Share.RECONCILE),
    _public("trades", "trades", 5, 5),
    _public("agg_trades", "aggTrades", 1, 1),
    _public("klines", "klines", 1, 1),
    _public("avg_price", "avgPrice", 1, 1),
    _public("ticker_24hr", "ticker/24hr", 25, 1, Share.RECONCILE),
    _public("ticker_24hr_all", "ticker/24hr", 40, 40, Share.RECONCILE),
    _public("ticker_price", "ticker/price", 10, 2),
    _public("ticker_book", "ticker/bookTicker", 10, 1),
    _read("self_symbols", "selfSymbols", 1),
    _read("account", "account", 10, per_second=2),
    _read("order", "order", 2),
    _read("open_orders", "openOrders", 3),
    _read("all_orders", "allOrders", 10),
    _read("my_trades", "myTrades", 10),
    _read("trade_fee", "tradeFee", 20),
    _read("mx_deduct", "mxDeduct/enable", 1, Share.REST),
    _read("uid", "uid", 1, Share.REST),
    _read("kyc_status", "kyc/status", 1, Share.REST),
    _order("place", "POST", "order", Share.ORDER, Effect.CREATE),
    _order("place_test", "POST", "order/test", Share.ORDER, Effect.READ),
    _order("place_batch", "POST", "batchOrders", Share.ORDER, Effect.CREATE, per_second=2),
    _order("cancel", "DELETE", "order", Share.CANCEL, Effect.CANCEL),
    _order("cancel_open", "DELETE", "openOrders", Share.CANCEL, Effect.CANCEL),
    _order("cancel_all", "DELETE", "order/all", Share.CANCEL, Effect.CANCEL),
    _write("set_mx_deduct", "POST", "mxDeduct/enable", 1, Share.REST),
    _write("listen_key_new", "POST", "userDataStream", 1),
    _read("listen_keys", "userDataStream", 1),
    _write("listen_key_keep", "PUT", "userDataStream", 1),
    _write("listen_key_end", "DELETE", "userDataStream", 1),
    _read("strategy_groups", "strategy/group", 20),
    _write("strategy_group_new", "POST", "strategy/group", 20),
    _write("strategy_group_end", "DELETE", "strategy/group", 20),
    _write("strategy_group_join", "POST", "strategy/group/uid", 20),
    _write("strategy_group_leave", "DELETE", "strategy/group/uid", 20),
)

#: Name -> endpoint.
ENDPOINTS: Mapping[str, Endpoint] = MappingProxyType({row.name: row for row in _ROWS})
