"""A small exchange behind its REST side, and a client that signs."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from flashc.simulator.exchange.config import AccountSpec, ExchangeConfig, SymbolSpec
from flashc.simulator.exchange.exchange import Exchange
from flashc.simulator.exchange.orders import PlaceRequest
from flashc.simulator.exchange.switches import switches_of
from flashc.simulator.rest.api import RestApi
from flashc.simulator.rest.calls import Answer, Call
from flashc.simulator.rest.keys import ApiKey, Keys
from flashc.simulator.rest.limits import LimitRules, Limits
from flashc.simulator.rest.listen_keys import ListenKeys, seeded_digits

START_MS = 1_790_000_000_000
SECRET = b"local-sim-secret-0001"
SYMBOLS = (
    SymbolSpec(
        "MXUSDT", "MX", "USDT", 4, 2, min_qty="0.01", band=("0.2", "0.2"), full_name="MX Token", contract="0x11"
    ),
    SymbolSpec("BTCUSDC", "BTC", "USDC", 2, 6, min_qty="0.000001", min_notional="5", taker_fee="0.001"),
)
ACCOUNTS = (
    AccountSpec("alice", {"USDT": "10000", "MX": "500", "USDC": "50000"}),
    AccountSpec("bob", {"USDT": "10000", "MX": "500", "BTC": "2"}),
)


def encoded(values: Mapping[str, object]) -> str:
    return "&".join(f"{name}={quote(str(value), safe='-_.~')}" for name, value in values.items())


@dataclass
class World:
    """Two accounts, two symbols, and a clock that moves when it is told to."""

    switches: tuple[str, ...] = ()
    rules: LimitRules = field(default_factory=lambda: LimitRules(enabled=False))
    symbols: tuple[SymbolSpec, ...] = SYMBOLS
    accounts: tuple[AccountSpec, ...] = ACCOUNTS
    now_ms: int = START_MS

    def __post_init__(self) -> None:
        config = ExchangeConfig(self.symbols, self.accounts, switches_of(list(self.switches)))
        self.exchange = Exchange(config, 7, self.now_ns)
        self.keys = Keys(ApiKey(f"sim-{spec.name}", spec.name, SECRET) for spec in self.accounts)
        self.listen_keys = ListenKeys(seeded_digits(7))
        self.api = RestApi(self.exchange, self.keys, self.listen_keys, limits=Limits(self.rules))

    @property
    def now_ns(self) -> int:
        return self.now_ms * 1_000_000

    def pass_ms(self, ms: int) -> None:
        self.now_ms += ms
        self.exchange.advance(self.now_ns)
        self.api.collect(self.exchange.take_events())

    def send(self, call: Call) -> Answer:
        answer = self.api.answer(call, self.now_ns)
        self.api.collect(self.exchange.take_events())
        return answer

    def send_plain(self, name: str, prefix: str = "/api/v3/") -> Answer:
        """A public call without parameters."""
        return self.send(Call("GET", prefix + name))

    def get(self, name: str, /, **sent: object) -> Any:
        """A public call; gives the body."""
        return self.send(Call("GET", f"/api/v3/{name}", encoded(sent))).json()

    def signed(self, who: str, method: str, name: str, /, **sent: object) -> Answer:
        """A signed call with everything in the query."""
        query = encoded({**sent, "timestamp": sent.get("timestamp", self.now_ms)})
        signature = hmac.new(SECRET, query.encode(), hashlib.sha256).hexdigest()
        headers = {"x-mexc-apikey": f"sim-{who}", "content-type": "application/json"}
        return self.send(Call(method, f"/api/v3/{name}", f"{query}&signature={signature}", "", headers))

    def ask(self, who: str, method: str, name: str, /, **sent: object) -> Any:
        """The same; gives the body."""
        return self.signed(who, method, name, **sent).json()

    def place(self, who: str, side: str, quantity: str, price: str, /, kind: str = "LIMIT", **more: object) -> Any:
        """An order of MXUSDT; gives the answer's body."""
        sent = {"symbol": "MXUSDT", "side": side, "type": kind, "quantity": quantity, "price": price, **more}
        return self.ask(who, "POST", "order", **{name: value for name, value in sent.items() if value != ""})

    def book(self) -> None:
        """Bob quotes 100 at 2.5 and 200 at 2.51 against 100 at 2.49 and 200 at 2.48."""
        for side, quantity, price in (
            ("SELL", 100, "2.5"),
            ("SELL", 200, "2.51"),
            ("BUY", 100, "2.49"),
            ("BUY", 200, "2.48"),
        ):
            self.exchange.place("bob", PlaceRequest("MXUSDT", side, "LIMIT", str(quantity), price), self.now_ns)
        self.api.collect(self.exchange.take_events())
