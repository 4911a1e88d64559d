"""A request once its caller is known: what every endpoint gets to work with."""

from __future__ import annotations

from dataclasses import dataclass

from ..exchange.config import SymbolSpec
from ..exchange.exchange import Exchange
from ..exchange.orders import Refusal
from ..exchange.switches import Switches
from .errors import ApiError
from .keys import ApiKey
from .listen_keys import ListenKeys
from .parameters import Parameters
from .read_model import ReadModel
from .statistics import Statistics


@dataclass(frozen=True, slots=True)
class Parts:
    """What the endpoints read and change."""

    exchange: Exchange
    statistics: Statistics
    listen_keys: ListenKeys
    reads: ReadModel


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `key` is that of the caller, None for public endpoints."""

    parts: Parts
    sent: Parameters
    key: ApiKey | None
    now_ns: int

    @property
    def exchange(self) -> Exchange:
        return self.parts.exchange

    @property
    def switches(self) -> Switches:
        return self.parts.exchange.switches

    @property
    def now_ms(self) -> int:
        """The time that the exchange tells."""
        return (self.now_ns + self.parts.reads.clock_offset_ns) // 1_000_000

    @property
    def market_ms(self) -> int:
        """The time of trades and orders, whatever the exchange tells."""
        return self.now_ns // 1_000_000

    @property
    def account(self) -> str:
        assert self.key is not None, "a public endpoint has no account"
        return self.key.account

    def symbol(self, name: str = "symbol") -> SymbolSpec:
        """The symbol that a mandatory parameter names."""
        return self.spec(self.sent.need(name))

    def spec(self, symbol: str) -> SymbolSpec:
        """Raises the code of an unknown symbol."""
        listing = self.exchange.floor.listings.get(symbol)
        if listing is None:
            raise ApiError(int(self.switches.unknown_symbol))
        return listing.spec

    def specs(self) -> list[SymbolSpec]:
        """All symbols, as they were listed."""
        return [listing.spec for listing in self.exchange.floor.listings.values()]

    def symbols(self, name: str, most: int) -> list[str]:
        """A mandatory list of symbols with commas, at most `most`. Raises 33333 and the code of an unknown symbol."""
        names = self.sent.need(name).split(",")
        if len(names) > most:
            raise ApiError(33333, f"at most {most} symbols")
        return [self.spec(symbol).name for symbol in names]

    def wrapped(self, data: object) -> dict[str, object]:
        """An answer in the wrapped style."""
        return {"data": data, "code": self.switches.success_code, "msg": "success", "timestamp": self.now_ms}


def refused(refusal: Refusal) -> ApiError:
    """The engine's refusal as one of an endpoint."""
    return ApiError(refusal.code, refusal.text)
