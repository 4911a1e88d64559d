"""What the exchange says of a symbol, and prices and quantities as whole ticks and lots of it.

The names of the exchange mislead: `quotePrecision` is the number of decimals of a price, `baseAssetPrecision` that of a
quantity, `baseSizePrecision` the smallest quantity and `quoteAmountPrecision` the smallest notional of a limit order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ....cython_core.wire.decimals import MOST_DECIMALS, DecimalFault, decimal_text, parse_decimal
from ...errors import RuntimeFault, fault
from .errors import BadAnswer
from .reading import Fields

_ONLINE = frozenset({"1", "ENABLED"})
_OFF = {"2": "paused", "3": "offline", "DISABLED": "disabled"}
#: Decimals of notionals and of rates here: enough for every published value.
NOTIONAL_DECIMALS = 8
RATE_DECIMALS = 8


@dataclass(frozen=True, slots=True)
class SymbolRules:
    """Rules of one symbol. A tick is `10**-price_decimals` of quote, a lot `10**-qty_decimals` of base.

    Notionals are in 1e-8 of quote, rates in 1e-8; a maximum of 0 means none. `refusal` says why the symbol cannot be
    traded by a program, `""` when it can. Multipliers of the price band are fractions in 1e-8, 0 when there is none.
    """

    symbol: str
    base: str
    quote: str
    price_decimals: int
    qty_decimals: int
    min_qty_lots: int
    min_notional: int
    max_notional: int
    min_notional_market: int
    max_notional_market: int
    order_types: tuple[str, ...]
    can_buy: bool
    can_sell: bool
    maker_rate: int
    taker_rate: int
    bid_multiplier_up: int
    ask_multiplier_down: int
    refusal: str

    @property
    def tradable(self) -> bool:
        return not self.refusal

    def ticks(self, text: str) -> int:
        """A price as ticks. `DecimalFault` when it is off the grid or no number."""
        return parse_decimal(text, self.price_decimals)

    def lots(self, text: str) -> int:
        """A quantity as lots. `DecimalFault` when it is off the grid or no number."""
        return parse_decimal(text, self.qty_decimals)

    def price_text(self, ticks: int) -> str:
        """Plain decimal text, never with an exponent."""
        return decimal_text(ticks, self.price_decimals, strip=True)

    def qty_text(self, lots: int) -> str:
        return decimal_text(lots, self.qty_decimals, strip=True)

    def side_refusal(self, side: str) -> str:
        """Why an order of `side` cannot be placed, `""` when it can."""
        if self.refusal:
            return self.refusal
        allowed = self.can_buy if side == "BUY" else self.can_sell
        return "" if allowed else f"the exchange does not allow {side} orders of it"

    def require_tradable(self) -> SymbolRules:
        """Itself, or FC1208 with the reason."""
        if self.refusal:
            raise fault("FC1208", f"`{self.symbol}` cannot be traded: {self.refusal}", self.symbol)
        return self


def rules_of(raw: Mapping[str, Any], open_symbols: Iterable[str] | None = None) -> SymbolRules:
    """The rules of one symbol of exchangeInfo. `BadAnswer` when a rule is missing or no number.

    `open_symbols`: those of defaultSymbols or selfSymbols; None when they were not asked for.
    """
    fields = Fields(raw, "a symbol")
    symbol = fields.text("symbol", needed=True)
    side, qty_decimals = fields.whole("tradeSideType") or 1, _decimals(fields, "baseAssetPrecision")
    band = _band(fields)
    return SymbolRules(
        symbol=symbol,
        base=fields.text("baseAsset", needed=True),
        quote=fields.text("quoteAsset", needed=True),
        price_decimals=_decimals(fields, "quotePrecision"),
        qty_decimals=qty_decimals,
        min_qty_lots=max(_rounded_up(fields, "baseSizePrecision", qty_decimals), 1),
        min_notional=_rounded_up(fields, "quoteAmountPrecision", NOTIONAL_DECIMALS),
        max_notional=_rounded_down(fields, "maxQuoteAmount", NOTIONAL_DECIMALS),
        min_notional_market=_rounded_up(fields, "quoteAmountPrecisionMarket", NOTIONAL_DECIMALS),
        max_notional_market=_rounded_down(fields, "maxQuoteAmountMarket", NOTIONAL_DECIMALS),
        order_types=tuple(str(name) for name in fields.rows("orderTypes")),
        can_buy=side in (1, 2),
        can_sell=side in (1, 3),
        maker_rate=_rounded_up(fields, "makerCommission", RATE_DECIMALS),
        taker_rate=_rounded_up(fields, "takerCommission", RATE_DECIMALS),
        bid_multiplier_up=_rounded_down(band, "bidMultiplierUp", RATE_DECIMALS),
        ask_multiplier_down=_rounded_down(band, "askMultiplierDown", RATE_DECIMALS),
        refusal=_refusal(fields, symbol, side, open_symbols),
    )


def table_of(
    rows: Iterable[Mapping[str, Any]], open_symbols: Iterable[str] | None = None
) -> tuple[dict[str, SymbolRules], dict[str, str]]:
    """Rules by symbol, and for each symbol whose rules cannot be read the reason. One bad row spoils no other."""
    opened = None if open_symbols is None else frozenset(open_symbols)
    found, bad = {}, {}
    for row in rows:
        try:
            rules = rules_of(row, opened)
        except (BadAnswer, RuntimeFault) as error:
            bad[str(row.get("symbol"))] = str(error)
        else:
            found[rules.symbol] = rules
    return found, bad


def _refusal(fields: Fields, symbol: str, side: int, open_symbols: Iterable[str] | None) -> str:
    status = fields.text("status")
    if status not in _ONLINE:
        return f"the exchange has it {_OFF.get(status, f'in the unknown status {status!r}')}"
    if not fields.flag("isSpotTradingAllowed"):
        return "the exchange has not opened it to programs"
    if "SPOT" not in fields.rows("permissions"):
        return "the exchange does not list it for spot trading"
    if side not in (1, 2, 3):
        return "the exchange allows orders of neither side"
    if open_symbols is not None and symbol not in open_symbols:
        return "the exchange's list of symbols for programs does not have it"
    return ""


def _band(fields: Fields) -> Fields:
    """The filter with the price band, empty when there is none."""
    for row in fields.rows("filters"):
        if isinstance(row, dict) and row.get("filterType") == "PERCENT_PRICE_BY_SIDE":
            return Fields(row, "the price band")
    return Fields({}, "the price band")


def _decimals(fields: Fields, name: str) -> int:
    value = fields.whole(name, needed=True)
    if not 0 <= value <= MOST_DECIMALS:
        raise BadAnswer(f"{name} of {fields.what} is no number of decimals: {value}")
    return value


def _rounded_down(fields: Fields, name: str, decimals: int) -> int:
    text = fields.decimal(name)
    whole, _, part = text.partition(".")
    try:
        return parse_decimal(f"{whole}.{part[:decimals]}".rstrip("."), decimals)
    except DecimalFault as error:
        raise BadAnswer(f"{name} of {fields.what} cannot be used: {error.reason}") from None


def _rounded_up(fields: Fields, name: str, decimals: int) -> int:
    """A smallest value that is finer than the grid becomes the next step of the grid."""
    finer = fields.decimal(name).partition(".")[2][decimals:].strip("0")
    return _rounded_down(fields, name, decimals) + bool(finer)
