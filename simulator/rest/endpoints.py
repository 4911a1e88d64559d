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
    """One row. `what` says in some words what the answer is.

    `permission` is what the key needs, "" for public ones. `all_older` is the older weight without `symbol`, 0 if that
    makes no difference.
    """

    method: str
    name: str
    what: str
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

# fmt: off
_ROWS = (
    Endpoint("GET", "ping", "nothing, quickly", market_data.ping, Cost(1, 1)),
    Endpoint("GET", "time", "the exchange's time", market_data.time, Cost(1, 1)),
    Endpoint("GET", "exchangeInfo", "symbols and their rules; `symbol` or `symbols` for some", market_data.exchange_info, Cost(25, 10)),
    Endpoint("GET", "defaultSymbols", "symbols whose orders the API takes", market_data.default_symbols, Cost(1, 1)),
    Endpoint("GET", "symbol/offline", "symbols that are paused or offline", market_data.offline_symbols, Cost(10, 10)),
    Endpoint("GET", "depth", "the book; `limit` 100, at most 5000", market_data.depth, Cost(3, 1)),
    Endpoint("GET", "trades", "newest trades; `limit` 500, at most 1000", market_data.trades, Cost(5, 5)),
    Endpoint("GET", "aggTrades", "trades of a range, at most an hour", market_data.agg_trades, Cost(1, 1)),
    Endpoint("GET", "klines", "candles of an `interval`", market_data.klines, Cost(1, 1)),
    Endpoint("GET", "avgPrice", "average price of five minutes", market_data.average_price, Cost(1, 1)),
    Endpoint("GET", "ticker/24hr", "the last 24 hours, of one symbol or all", market_data.ticker_24h, Cost(25, 1), all_older=40),
    Endpoint("GET", "ticker/price", "the last price, of one symbol or all", market_data.ticker_price, Cost(10, 1), all_older=2),
    Endpoint("GET", "ticker/bookTicker", "the best prices, of one symbol or all", market_data.ticker_book, Cost(10, 1)),
    Endpoint("GET", "contract/detail", "no contracts: clients ask when they load markets", market_data.contracts, Cost(1, 1), prefix="/api/v1/"),
    Endpoint("GET", "selfSymbols", "symbols that the key may trade", account.self_symbols, Cost(1, 1), DEAL_READ),
    Endpoint("GET", "account", "balances", account.account, Cost(10, 10, ("account",)), ACCOUNT_READ),
    Endpoint("GET", "tradeFee", "the account's own fee rates for a `symbol`", account.trade_fee, Cost(20, 20), ACCOUNT_READ),
    Endpoint("GET", "mxDeduct/enable", "whether fees are paid in MX", account.mx_deduct, Cost(1, 1), ACCOUNT_READ),
    Endpoint("POST", "mxDeduct/enable", "pay fees in MX, or not: `mxDeductEnable`", account.set_mx_deduct, Cost(1, 1), ACCOUNT_WRITE),
    Endpoint("GET", "uid", "the account's number", account.uid, Cost(1, 1), ACCOUNT_READ),
    Endpoint("GET", "kyc/status", "always 1", account.kyc, Cost(1, 1), ACCOUNT_READ),
    Endpoint("GET", "capital/config/getall", "assets, without networks", account.currencies, Cost(10, 10), ACCOUNT_READ),
    Endpoint("GET", "capital/deposit/hisrec", "no deposits", account.nothing, Cost(1, 1), ACCOUNT_READ),
    Endpoint("GET", "capital/withdraw/history", "no withdrawals", account.nothing, Cost(1, 1), ACCOUNT_READ),
    Endpoint("GET", "strategy/group", "strategy groups of a master account", account.groups, Cost(20, 20), DEAL_READ),
    Endpoint("POST", "strategy/group", "a new group: `tradeGroupName`", account.create_group, Cost(20, 20), DEAL_WRITE),
    Endpoint("DELETE", "strategy/group", "remove a group: `tradeGroupId`", account.delete_group, Cost(20, 20), DEAL_WRITE),
    Endpoint("GET", "strategy/group/uid", "accounts of a group", account.members, Cost(20, 20), DEAL_READ),
    Endpoint("POST", "strategy/group/uid", "add accounts: `tradeGroupId`, `uid` with commas", account.add_members, Cost(20, 20), DEAL_WRITE),
    Endpoint("DELETE", "strategy/group/uid", "remove accounts", account.remove_members, Cost(20, 20), DEAL_WRITE),
    Endpoint("POST", "userDataStream", "a listen key", account.create_listen_key, Cost(1, 1), ACCOUNT_READ),
    Endpoint("GET", "userDataStream", "the valid listen keys", account.listen_keys, Cost(1, 1), ACCOUNT_READ),
    Endpoint("PUT", "userDataStream", "60 more minutes for a `listenKey`", account.extend_listen_key, Cost(1, 1), ACCOUNT_READ),
    Endpoint("DELETE", "userDataStream", "end a `listenKey`", account.delete_listen_key, Cost(1, 1), ACCOUNT_READ),
    Endpoint("POST", "order", "place an order", orders.place, _ORDER, DEAL_WRITE),
    Endpoint("POST", "order/test", "check an order and place none", orders.test, _ORDER, DEAL_WRITE),
    Endpoint("POST", "batchOrders", "up to 20 orders: `batchOrders`, a JSON list", orders.batch, Cost(0, 1, ("order", "batch")), DEAL_WRITE),
    Endpoint("DELETE", "order", "cancel by `orderId` or `origClientOrderId`", orders.cancel, _ORDER, DEAL_WRITE),
    Endpoint("DELETE", "openOrders", "cancel all of a `symbol`", orders.cancel_open, _ORDER, DEAL_WRITE),
    Endpoint("DELETE", "order/all", "cancel everything", orders.cancel_everything, _ORDER, DEAL_WRITE),
    Endpoint("GET", "order", "one order, by either id", orders.look, Cost(2, 2), DEAL_READ),
    Endpoint("GET", "openOrders", "open orders, newest first", orders.open_orders, Cost(3, 3), DEAL_READ),
    Endpoint("GET", "allOrders", "orders of at most 7 days, newest first", orders.all_orders, Cost(10, 10), DEAL_READ),
    Endpoint("GET", "myTrades", "fills of the last month, newest first", orders.my_trades, Cost(10, 10), DEAL_READ),
)
# fmt: on

#: (method, path) -> row.
ENDPOINTS: Mapping[tuple[str, str], Endpoint] = MappingProxyType(
    {(row.method, row.prefix + row.name): row for row in _ROWS}
)

PATHS = frozenset(path for _, path in ENDPOINTS)
