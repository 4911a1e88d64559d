"""A small local exchange for tests: two symbols, two accounts, every port any free one."""

from __future__ import annotations

import hashlib
import hmac
from functools import cache
from pathlib import Path

from flashc.simulator.accounts_file import Accounts, default_accounts, parse_accounts
from flashc.simulator.exchange.switches import Switches
from flashc.simulator.faults.schedule import Target
from flashc.simulator.faults.seams import End
from flashc.simulator.rest.calls import Call
from flashc.simulator.rest.listen_keys import seeded_digits
from flashc.simulator.server.build import Market, WorldOptions, make_world, synthetic
from flashc.simulator.server.clock import Clock
from flashc.simulator.server.folder import Folder
from flashc.simulator.server.local import LocalExchange, Ports
from flashc.simulator.server.world import World

from .virtual_time import LoopClock

START_NS = 1_790_000_000_000_000_000
SYMBOLS = ("BTCUSDC", "ETHUSDC")


@cache
def market(instrument: str, events_per_s: float = 200.0) -> Market:
    """20 seconds of a book."""
    return synthetic(instrument, seed=3, events_per_s=events_per_s, round_s=20)


@cache
def accounts() -> Accounts:
    """alice and bob, each with one key."""
    return parse_accounts(default_accounts(seeded_digits(5)).encode(), "accounts")


def options(limits: bool = False, **switches: str) -> WorldOptions:
    """What a test's exchange is made of."""
    chosen = Switches()
    for name, value in switches.items():
        chosen = chosen.set(f"{name}={value}")
    markets = (market("BTC/USDC"), market("ETH/USDC"))
    return WorldOptions(markets, accounts(), seed=7, switches=chosen, limits=limits)


class NoSockets:
    """Sockets that only note what faults asked of them."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []

    def end_streams(self, target: Target, how: End, code: int) -> int:
        self.asked.append(("end_streams", target, how, code))
        return 1

    def send_raw(self, target: Target, data: bytes) -> int:
        self.asked.append(("send_raw", target, data[:8]))
        return 1

    def gate(self, how: str) -> None:
        self.asked.append(("gate", how))

    def certificate(self, kind: str, host: str) -> None:
        self.asked.append(("certificate", kind, host))

    def pump(self) -> None:
        """Nothing to pump."""


def world(**settings: str) -> World:
    """An exchange without sockets, at `START_NS`."""
    return make_world(options(**settings), NoSockets(), START_NS)


def local_exchange(
    folder: Path, *, tls: bool = False, speed: int = 1, limits: bool = False, start_ns: int = START_NS
) -> LocalExchange:
    """An exchange with open ports in the time of this loop, its files in `folder`: an asynchronous context manager."""
    chosen = options(limits)
    return LocalExchange(
        lambda app, now_ns: make_world(chosen, app, now_ns),
        Clock(start_ns, speed, LoopClock().mono_ns),
        Folder(folder),
        Ports(tls=0 if tls else None),
    )


def signed(method: str, path: str, query: str, now_ns: int, account: int = 0) -> Call:
    """A signed call of an account, as a client sends it."""
    key = accounts().keys[account]
    text = f"{query}&timestamp={now_ns // 1_000_000}".lstrip("&")
    signature = hmac.new(key.secret, text.encode(), hashlib.sha256).hexdigest()
    headers = {"x-mexc-apikey": key.key, "content-type": "application/json"}
    return Call(method, f"/api/v3/{path}", f"{text}&signature={signature}", "", headers)


__all__ = ["START_NS", "SYMBOLS", "NoSockets", "accounts", "local_exchange", "options", "signed", "world"]
