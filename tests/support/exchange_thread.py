"""A local exchange for clients that others wrote; in a thread of its own for those that bring their own event loop."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from flashc.simulator.exchange.amounts import amount_text
from flashc.simulator.faults.schedule import Target
from flashc.simulator.faults.seams import End
from flashc.simulator.server.local import LocalExchange

from .local_exchange import accounts, local_exchange, options

START_S = 120.0


@dataclass(frozen=True, slots=True)
class RunningExchange:
    """An exchange that others talk to over sockets; its truth is read directly."""

    local: LocalExchange
    loop: asyncio.AbstractEventLoop

    @property
    def http_url(self) -> str:
        return self.local.http_url

    @property
    def ws_url(self) -> str:
        return self.local.ws_url

    def keys(self, account: str) -> tuple[str, str]:
        """(key, secret) of an account."""
        key = next(key for key in accounts().keys if key.account == account)
        return key.key, key.secret.decode()

    def ledger(self, account: str) -> dict[str, tuple[Decimal, Decimal]]:
        """Asset -> (free, locked)."""
        ledger = self.local.world.exchange.ledger
        units = {asset: Decimal(10) ** ledger.decimals[asset] for asset in ledger.decimals}
        return {a: (free / units[a], locked / units[a]) for a, (free, locked) in ledger.balances(account).items()}

    def fills(self, account: str) -> set[tuple[str, str, str, str]]:
        """(order id, trade id, quantity, fee) of everything that the account traded."""
        exchange = self.local.world.exchange
        return {
            (
                one.order_id,
                one.trade_id,
                amount_text(one.lots, exchange.specs[symbol].qty_decimals),
                amount_text(one.fee_atoms, exchange.ledger.decimals[one.fee_asset]),
            )
            for symbol in exchange.specs
            for one in exchange.fills(account, symbol)
        }

    def channels(self, account: str) -> set[str]:
        """What the account's streams hear; the public ones are of nobody."""
        streams = list(self.local.world.hub.connections.values())
        return {name for one in streams if one.account == account for name in list(one.channels)}

    def cut_streams(self) -> None:
        """Reset every stream that is open."""
        self.loop.call_soon_threadsafe(self.local.app.end_streams, Target(), End.RESET, 1006)

    @contextmanager
    def still_market(self) -> Iterator[None]:
        """The tapes stand still until the block ends; accounts may go on."""
        markets = self.local.world.exchange.markets
        kept = dict(markets)
        self.loop.call_soon_threadsafe(markets.clear)
        try:
            yield
        finally:
            self.loop.call_soon_threadsafe(markets.update, kept)

    def audit_is_clean(self) -> bool:
        """Whether money, orders and fills agree to the last unit."""
        return self.local.world.exchange.audit().is_right


@contextmanager
def run_exchange(folder: Path, speed: int = 1) -> Iterator[RunningExchange]:
    """Open ports on loopback until the block ends."""
    ready, done = threading.Event(), asyncio.Event()
    found: list[LocalExchange] = []
    loop = asyncio.new_event_loop()

    options()  # makes the market, which takes longer than a clock may be late

    async def serve() -> None:
        async with local_exchange(folder, speed=speed, start_ns=time.time_ns()) as local:
            found.append(local)
            ready.set()
            await done.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    try:
        assert ready.wait(START_S), "the exchange did not start"
        yield RunningExchange(found[0], loop)
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(START_S)
        loop.close()
