"""Our client trades under every setting of every switch, and knows in the end what the exchange has."""

from __future__ import annotations

import asyncio

import pytest
from flashc.runtime.mexc.account.knowledge import Knowledge
from flashc.runtime.mexc.rest.errors import NotSent
from flashc.runtime.mexc.rest.results import NewOrder
from flashc.simulator.exchange.switches import SWITCHES
from support.joined_client import SYMBOL, JoinedClient
from support.private_world import picture_of, truth_of

#: Every setting, the defaults once. Numbers are times in ms.
SETTINGS = ["cancel_status=after"] + [
    f"{row.name}={setting}"
    for row in SWITCHES.values()
    for setting in row.choices or ("400", "900")
    if setting != row.default
]
CENTS, LOTS = 100, 10**6


class Trader:
    """Makes orders against the book as it is."""

    def __init__(self, client: JoinedClient) -> None:
        self.client = client

    def best(self, side: str) -> tuple[int, int]:
        """What a buy or a sell meets first: ticks and lots."""
        _, bids, asks = self.client.world.exchange.depth(SYMBOL, 1)
        return asks[0] if side == "BUY" else bids[0]

    def far(self, name: str, side: str, kind: str) -> NewOrder:
        """An order that meets nothing."""
        ticks = self.best(side)[0] * (9 if side == "BUY" else 11) // 10
        return NewOrder(SYMBOL, side, kind, name, "0.001", decimal(ticks, CENTS))

    def near(self, name: str, side: str, kind: str, more: int = 0) -> NewOrder:
        """An order at the best price: a part of what stands there, or all and `more` lots."""
        ticks, lots = self.best(side)
        return NewOrder(SYMBOL, side, kind, name, decimal(lots + more if more else 2_000, LOTS), decimal(ticks, CENTS))

    def of_every_fate(self) -> list[NewOrder]:
        return [
            self.far("rests", "BUY", "LIMIT"),
            self.far("waits", "SELL", "LIMIT"),
            self.far("makes", "BUY", "LIMIT_MAKER"),
            self.near("crosses", "BUY", "LIMIT_MAKER"),
            self.near("takes", "BUY", "LIMIT"),
            self.near("takes-part", "SELL", "LIMIT", more=5_000),
            self.far("ioc-none", "BUY", "IMMEDIATE_OR_CANCEL"),
            self.near("ioc-part", "BUY", "IMMEDIATE_OR_CANCEL", more=5_000),
            self.near("fok-none", "BUY", "FILL_OR_KILL", more=5_000),
            self.near("fok-all", "SELL", "FILL_OR_KILL"),
            NewOrder(SYMBOL, "SELL", "MARKET", "market-sell", "0.002"),
            NewOrder(SYMBOL, "BUY", "MARKET", "market-buy", "0.002"),
            NewOrder(SYMBOL, "BUY", "MARKET", "market-spend", quote_quantity="100"),
            NewOrder(SYMBOL, "SELL", "LIMIT", "too-much", "1000", "50000"),
        ]


def decimal(value: int, one: int) -> str:
    return f"{value // one}.{value % one:0{len(str(one)) - 1}}"


async def trade(client: JoinedClient) -> None:
    """Orders of every fate, two of them lost on the way; cancels of what is open, done, and was never there."""
    trader = Trader(client)
    for number in range(14):
        await client.desk.place(trader.of_every_fate()[number])
        client.pass_ms(20)
    with pytest.raises(NotSent):
        await client.desk.place(trader.far("rests", "BUY", "LIMIT"))
    for name in ("rests", "rests", "takes-part", "fok-all", "never"):
        await client.desk.cancel(SYMBOL, name)
        client.pass_ms(20)
    for lost in ("answer", "request"):
        client.loses = lost
        await client.desk.place(trader.far(f"lost-{lost}", "SELL", "LIMIT"))


@pytest.mark.parametrize("setting", SETTINGS)
def test_who_listened_and_who_reads_later_both_know_what_the_exchange_has(setting: str) -> None:
    async def main() -> None:
        name, _, value = setting.partition("=")
        client, late = JoinedClient(**{name: value}), Knowledge()
        await client.connect()
        await client.reconcile(client.knowledge)
        await trade(client)
        await client.reconcile(client.knowledge)
        await client.reconcile(late)
        truth = truth_of(client.world)
        assert picture_of(client.knowledge) == truth
        assert picture_of(late) == truth
        assert not (client.knowledge.anomalies() or client.knowledge.questions())
        # What nothing proves stays in doubt, and is not there: with HTTP 200 a refusal is no proof either.
        there = {client_id for _, _, client_id in truth["orders"].values()}
        doubts = {request.client_id for request in client.knowledge.doubts()}
        assert "lost-request" in doubts and not doubts & there
        assert len(doubts) == 1 or setting == "error_status=200"
        assert client.world.exchange.audit().is_right

    asyncio.run(main())
