"""From a request to an order, or to the refusal that the exchange would give. Nothing is changed here."""

from __future__ import annotations

import re
from collections.abc import Callable

from .amounts import parse_amount
from .book import Working
from .config import BUY_ONLY, CLOSED, ONLINE, PAUSED, SELL_ONLY
from .floor import Account, Floor
from .listing import RATE_UNIT, Listing
from .matching import Matching
from .orders import OrderType, PlaceRequest, Refusal, Side, StpMode
from .refusals import refusal

_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)


class Refused(Exception):
    """Carries a refusal out of the checks."""

    def __init__(self, code: int, detail: str = "") -> None:
        self.refusal = refusal(code, detail)
        super().__init__(self.refusal.text)


class Checks:
    """The exchange's filters, in the order in which they are looked at."""

    def __init__(self, floor: Floor, matching: Matching) -> None:
        self._floor, self._matching = floor, matching

    def order(self, account: Account, request: PlaceRequest, order_id: Callable[[], str]) -> Working | Refusal:
        """The order that the request makes; `order_id` is called once nothing can go wrong any more."""
        try:
            return self._order(account, request, order_id)
        except Refused as refused:
            return refused.refusal

    def _order(self, account: Account, request: PlaceRequest, order_id: Callable[[], str]) -> Working:
        if account.restriction:
            raise Refused(account.restriction)
        listing = self._floor.listings.get(request.symbol)
        if listing is None:
            raise Refused(30014)
        side, kind = self._side(request), self._type(request)
        self._allowed(listing, side, kind)
        order = Working("", request.client_id, account.spec.name, listing.name, side, kind, self._floor.now_ns)
        order.stp_mode = self._stp_mode(request)
        self._client_id(account, request.client_id)
        if kind is OrderType.MARKET:
            self._market(order, request, listing)
        else:
            self._limit(order, request, listing)
        if len(account.desk.open) >= account.max_open:
            raise Refused(30029)
        self._crossing(order, listing)
        if not self._matching.settlement.can_freeze(order, listing):
            raise Refused(30004 if side is Side.BUY else 30005)
        order.order_id = order_id()
        return order

    @staticmethod
    def _side(request: PlaceRequest) -> Side:
        if request.side not in list(Side):
            raise Refused(33333 if request.side else 700004, "side")
        return Side(request.side)

    @staticmethod
    def _type(request: PlaceRequest) -> OrderType:
        if request.type not in list(OrderType):
            raise Refused(33333 if request.type else 700004, "type")
        return OrderType(request.type)

    @staticmethod
    def _stp_mode(request: PlaceRequest) -> StpMode:
        if request.stp_mode not in list(StpMode):
            raise Refused(33333, "stpMode")
        return StpMode(request.stp_mode)

    def _allowed(self, listing: Listing, side: Side, kind: OrderType) -> None:
        """The symbol's state and what it takes."""
        spec = listing.spec
        if listing.order_refusal:
            raise Refused(listing.order_refusal)
        if spec.status != ONLINE:
            raise Refused(30000 if spec.status == PAUSED else 30016)
        if not spec.trading_allowed:
            raise Refused(10007)
        if spec.trade_side == CLOSED or spec.trade_side == (SELL_ONLY if side is Side.BUY else BUY_ONLY):
            raise Refused(30001)
        if kind not in (*spec.order_types, *spec.hidden_types):
            market = int(self._floor.switches.market_disabled)
            raise Refused(market if kind is OrderType.MARKET else 30041)

    def _client_id(self, account: Account, client_id: str) -> None:
        if not client_id:
            return
        switches = self._floor.switches
        if switches.client_id_check == "strict" and not _CLIENT_ID.fullmatch(client_id):
            raise Refused(700008, "newClientOrderId")
        if switches.reused_client_id == "refused" and client_id in account.desk.by_client:
            raise Refused(30026)

    def _limit(self, order: Working, request: PlaceRequest, listing: Listing) -> None:
        rules = listing.rules
        order.lots = self._amount("quantity", request.quantity, listing.spec.qty_decimals, rules.lot_step)
        order.price_ticks = self._amount("price", request.price, listing.spec.price_decimals, rules.tick_step)
        order.lock_price = order.price_ticks
        order.lock_left = order.lots * order.price_ticks if order.side is Side.BUY else order.lots
        self._volume(order.lots, order.lots * order.price_ticks, listing, market=False)
        self._band(order, listing)

    def _market(self, order: Working, request: PlaceRequest, listing: Listing) -> None:
        best = listing.book.side(-order.sign).best()
        by_quote = bool(request.quote_order_qty) and order.side is Side.BUY and not request.quantity
        rules, spec = listing.rules, listing.spec
        if by_quote:
            order.quote_value = self._amount("quoteOrderQty", request.quote_order_qty, spec.value_decimals, 1)
        else:
            order.lots = self._amount("quantity", request.quantity, spec.qty_decimals, rules.lot_step)
            if order.side is Side.BUY and self._floor.switches.market_buy_quantity == "refused":
                raise Refused(30041)
        if best is None:
            raise Refused(30025)
        order.price_ticks = self._protective(order.side, best.price)
        value = order.quote_value or order.lots * best.price
        self._volume(order.lots or None, value, listing, market=True)
        order.lock_price = order.price_ticks if self._floor.switches.market_freeze == "protective" else best.price
        order.lock_left = order.lots if order.side is Side.SELL else order.quote_value or order.lots * order.lock_price

    def _protective(self, side: Side, best: int) -> int:
        """How far a MARKET order may trade: some per cent from the best price."""
        percent = self._floor.config.protect_percent
        if side is Side.BUY:
            return -(-best * (100 + percent) // 100)
        return max(1, best * (100 - percent) // 100)

    @staticmethod
    def _amount(name: str, text: str, decimals: int, step: int) -> int:
        """A positive whole number of `step`s from decimal text."""
        if not text:
            raise Refused(700004, name)
        try:
            value = parse_amount(text, decimals)
        except ValueError:
            raise Refused(33333, name) from None
        if value <= 0 or value % step:
            raise Refused(33333, name)
        return value

    @staticmethod
    def _volume(lots: int | None, value: int, listing: Listing, *, market: bool) -> None:
        """Minimum quantity, and the least and greatest value."""
        spec, rules = listing.spec, listing.rules
        if lots is not None and lots < rules.min_lots:
            raise Refused(30002, f"{spec.min_qty}{spec.base}")
        least, most = (rules.min_value_market, rules.max_value_market) if market else (rules.min_value, rules.max_value)
        if value < least:
            raise Refused(30002, f"{spec.min_notional_market if market else spec.min_notional}{spec.quote}")
        if value > most:
            raise Refused(30003, f"{spec.max_notional_market if market else spec.max_notional}{spec.quote}")

    def _band(self, order: Working, listing: Listing) -> None:
        """PERCENT_PRICE_BY_SIDE, for all orders with a price but LIMIT_MAKER."""
        band, last = listing.rules.band, listing.last_ticks
        if band is None or not last or order.type is OrderType.LIMIT_MAKER or self._floor.switches.price_band == "off":
            return
        if order.side is Side.BUY:
            outside = order.price_ticks * RATE_UNIT > last * (RATE_UNIT + band[0])
        else:
            outside = order.price_ticks * RATE_UNIT < last * (RATE_UNIT - band[1])
        if outside:
            raise Refused(30010)

    def _crossing(self, order: Working, listing: Listing) -> None:
        """Refusals that depend on the book, where the switches say that they are refusals."""
        switches, matching, kind = self._floor.switches, self._matching, order.type
        if (
            kind is OrderType.LIMIT_MAKER
            and switches.maker_cross != "cancelled"
            and matching.would_trade(order, listing)
        ):
            raise Refused(30041 if switches.maker_cross == "refused" else 30010)
        if kind is OrderType.IMMEDIATE_OR_CANCEL and switches.ioc_unfilled == "refused":
            _refuse_unless(matching.would_trade(order, listing))
        if kind is OrderType.FILL_OR_KILL and switches.fok_unfilled == "refused":
            _refuse_unless(matching.could_fill(order, listing))


def _refuse_unless(it_meets: bool) -> None:
    if not it_meets:
        raise Refused(30025)
