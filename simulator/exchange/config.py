"""What a local exchange lists and who trades on it: plain values, given once; interventions change copies of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .amounts import parse_amount
from .switches import Switches

LISTED_TYPES = ("LIMIT", "MARKET", "LIMIT_MAKER")
UNLISTED_TYPES = ("IMMEDIATE_OR_CANCEL", "FILL_OR_KILL")

ONLINE, PAUSED, OFFLINE = "1", "2", "3"
BOTH_SIDES, BUY_ONLY, SELL_ONLY, CLOSED = 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class SymbolSpec:
    """A symbol's grid, limits, fees and state: all that `exchangeInfo` shows.

    A tick is 10^-`price_decimals` quote, a lot 10^-`qty_decimals` base; they never change while the exchange runs.
    `price_digits` and `qty_digits` are the decimals that orders may have, at most those; -1 means all of them.
    Amounts are decimal texts: quantities in base, notionals in quote, fees as fractions. `band` is the pair of
    multipliers of PERCENT_PRICE_BY_SIDE (buys, sells), None for no filter. `hidden_types` are taken though not listed.
    """

    name: str
    base: str
    quote: str
    price_decimals: int
    qty_decimals: int
    price_digits: int = -1
    qty_digits: int = -1
    min_qty: str = "0"
    min_notional: str = "1"
    max_notional: str = "4000000"
    min_notional_market: str = "1"
    max_notional_market: str = "1000000"
    band: tuple[str, str] | None = None
    maker_fee: str = "0"
    taker_fee: str = "0.0005"
    base_fee_decimals: int = 8
    quote_fee_decimals: int = 8
    order_types: tuple[str, ...] = LISTED_TYPES
    hidden_types: tuple[str, ...] = UNLISTED_TYPES
    status: str = ONLINE
    trading_allowed: bool = True
    trade_side: int = BOTH_SIDES
    full_name: str = ""
    contract: str = ""
    first_open_ms: int = 1_704_067_200_000

    def __post_init__(self) -> None:
        assert 0 <= self.price_decimals <= 18 and 0 <= self.qty_decimals <= 18, self.name
        assert self.price_digits <= self.price_decimals and self.qty_digits <= self.qty_decimals, self.name

    @property
    def quote_precision(self) -> int:
        """Decimals that an order's price may have."""
        return self.price_decimals if self.price_digits < 0 else self.price_digits

    @property
    def base_precision(self) -> int:
        """Decimals that an order's quantity may have."""
        return self.qty_decimals if self.qty_digits < 0 else self.qty_digits

    @property
    def value_decimals(self) -> int:
        """Decimals of ticks x lots in the quote asset."""
        return self.price_decimals + self.qty_decimals

    def value(self, text: str) -> int:
        """A quote amount as ticks x lots. Digits beyond the grid are cut off."""
        return parse_amount(text, self.value_decimals, cut=True)

    def lots(self, text: str) -> int:
        """A base amount in lots. Digits beyond the grid are cut off."""
        return parse_amount(text, self.qty_decimals, cut=True)


@dataclass(frozen=True, slots=True)
class AccountSpec:
    """Who trades. `balances` are decimal texts by asset; `uid` is the number that strategy groups name.

    `maker_fee` and `taker_fee` replace the symbols' rates where they are given. `master` is the account above a
    sub-account, "" for none. `mx_deduct` pays fees in MX while there is any.
    """

    name: str
    balances: Mapping[str, str] = field(default_factory=dict)
    uid: str = ""
    maker_fee: str | None = None
    taker_fee: str | None = None
    master: str = ""
    mx_deduct: bool = False
    max_open_orders: int = 500


@dataclass(frozen=True, slots=True)
class ExchangeConfig:
    """Everything but the market's data. `protect_percent` is how far MARKET orders may trade from the best price.

    `mx_discount` is the part of a fee that paying in MX saves. `history` is how many finished orders, fills and trades
    are kept of each account or symbol.
    """

    symbols: tuple[SymbolSpec, ...]
    accounts: tuple[AccountSpec, ...] = ()
    switches: Switches = field(default_factory=Switches)
    protect_percent: int = 5
    mx_discount: str = "0.2"
    history: int = 100_000

    def asset_decimals(self) -> dict[str, int]:
        """Asset -> decimals of its atom: fine enough for every lot, value and fee, and at least 8."""
        found: dict[str, int] = {"MX": 8}
        for spec in self.symbols:
            found[spec.base] = max(found.get(spec.base, 8), spec.qty_decimals, spec.base_fee_decimals)
            found[spec.quote] = max(found.get(spec.quote, 8), spec.value_decimals, spec.quote_fee_decimals)
        for account in self.accounts:
            for asset in account.balances:
                found.setdefault(asset, 8)
        return found
