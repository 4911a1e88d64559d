"""The table of endpoints: method and path, who answers, who may ask, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from . import account, market_data, orders
from .keys import ACCOUNT_READ, ACCOUNT_WRITE, DEAL_READ, DEAL_WRITE
from .limits import Cost
from .request import Request

PREFIX = "/api/v3/"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row. `permission` is what the key needs, "" for public ones. `all_older` is the older weight without
    `symbol`, 0 if that makes no difference."""

    method: str
    name: str
    handler: Callable[[Request], object]
    weight: Cost
    permission: str = ""
    all_older: int = 0
    prefix: str = PREFIX

    @property
    def is_signed(self) -> bool:
        return bool(self.permission)

    def cost(self, *, one_symbol: bool) -> Cost:
        """What a call costs."""
        if one_symbol or not self.all_older:
            return self.weight
        return replace(self.weight, older=self.all_older)


_ORDER = Cost(0, 1, ("order",))

_ROWS = (
    Endpoint("GET", "ping", market_data.ping, Cost(1, 1)),
    Endpoint("GET", "time", market_data.time, Cost(1, 1)),
    Endpoint("GET", "exchangeInfo", market_data.exchange_info, Cost(25, 10)),
    Endpoint("GET", "defaultSymbols", market_data.default_symbols, Cost(1, 1)),
    Endpoint("GET", "symbol/offline", market_data.offline_symbols, Cost(10, 10)),
    Endpoint("GET", "depth", market_data.depth, Cost(3, 1)),
    Endpoint("GET", "trades", market_data.trades, Cost(5, 5)),
    Endpoint("GET", "aggTrades", market_data.agg_trades, Cost(1, 1)),
    Endpoint("GET", "klines", market_data.klines, Cost(1, 1)),
    Endpoint("GET", "avgPrice", market_data.average_price, Cost(1, 1)),
    Endpoint("GET", "ticker/24hr", market_data.ticker_24h, Cost(25, 1), all_older=40),
    Endpoint("GET", "ticker/price", market_data.ticker_price, Cost(10, 1), all_older=2),
    Endpoint("GET", "ticker/bookTicker", market_data.ticker_book, Cost(10, 1)),
    Endpoint("GET", "contract/detail", market_data.contracts, Cost(1, 1), prefix="/api/v1/"),
    Endpoint("GET", "selfSymbols", account.self_symbols, Cost(1, 1), DEAL_READ),
    Endpoint("GET", "account", account.account, Cost(10, 10, ("account",)), ACCOUNT_READ),
    Endpoint("GET", "tradeFee", account.trade_fee, Cost(20, 20), ACCOUNT_READ),
    Endpoint("GET", "mxDeduct/enable", account.mx_deduct, Cost(1, 1), ACCOUNT_READ),
    Endpoint("POST", "mxDeduct/enable", account.set_mx_deduct, Cost(1, 1), ACCOUNT_WRITE),
    Endpoint("GET", "uid", account.uid, Cost(1, 1), ACCOUNT_READ),
    Endpoint("GET", "kyc/status", account.kyc, Cost(1, 1), ACCOUNT_READ),
    Endpoint("GET", "capital/config/getall", account.currencies, Cost(10, 10), ACCOUNT_READ),
    Endpoint("GET", "capital/deposit/hisrec", account.nothing, Cost(1, 1), ACCOUNT_READ),
    Endpoint("GET", "capital/withdraw/history", account.nothing, Cost(1, 1), ACCOUNT_READ),
    Endpoint("GET", "strategy/group", account.groups, Cost(20, 20), DEAL_READ),
    Endpoint("POST", "strategy/group", account.create_group, Cost(20, 20), DEAL_WRITE),
    Endpoint("DELETE", "strategy/group", account.delete_group, Cost(20, 20), DEAL_WRITE),
    Endpoint("GET", "strategy/group/uid", account.members, Cost(20, 20), DEAL_READ),
    Endpoint("POST", "strategy/group/uid", account.add_members, Cost(20, 20), DEAL_WRITE),
    Endpoint("DELETE", "strategy/group/uid", account.remove_members, Cost(20, 20), DEAL_WRITE),
    Endpoint("POST", "userDataStream", account.create_listen_key, Cost(1, 1), ACCOUNT_READ),
    Endpoint("GET", "userDataStream", account.listen_keys, Cost(1, 1), ACCOUNT_READ),
    Endpoint("PUT", "userDataStream", account.extend_listen_key, Cost(1, 1), ACCOUNT_READ),
    Endpoint("DELETE", "userDataStream", account.delete_listen_key, Cost(1, 1), ACCOUNT_READ),
    Endpoint("POST", "order", orders.place, _ORDER, DEAL_WRITE),
    Endpoint("POST", "order/test", orders.test, _ORDER, DEAL_WRITE),
    Endpoint("POST", "batchOrders", orders.batch, Cost(0, 1, ("order", "batch")), DEAL_WRITE),
    Endpoint("DELETE", "order", orders.cancel, _ORDER, DEAL_WRITE),
    Endpoint("DELETE", "openOrders", orders.cancel_open, _ORDER, DEAL_WRITE),
    Endpoint("DELETE", "order/all", orders.cancel_everything, _ORDER, DEAL_WRITE),
    Endpoint("GET", "order", orders.look, Cost(2, 2), DEAL_READ),
    Endpoint("GET", "openOrders", orders.open_orders, Cost(3, 3), DEAL_READ),
    Endpoint("GET", "allOrders", orders.all_orders, Cost(10, 10), DEAL_READ),
    Endpoint("GET", "myTrades", orders.my_trades, Cost(10, 10), DEAL_READ),
)

#: (method, path) -> row.
ENDPOINTS: Mapping[tuple[str, str], Endpoint] = MappingProxyType(
    {(row.method, row.prefix + row.name): row for row in _ROWS}
)

PATHS = frozenset(path for _, path in ENDPOINTS)
