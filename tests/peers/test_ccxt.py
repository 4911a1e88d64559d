"""A client that others wrote and thousands trade with, against the local exchange: ccxt and ccxt.pro, class `mexc`.

What ccxt ends with must be the exchange's own ledger. Each test has an exchange of its own, in virtual time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.exchange_thread import RunningExchange
from support.local_exchange import local_exchange
from support.peer_bars import required
from support.virtual_time import run_virtual

ccxt = required("ccxt")

SYMBOL = "BTC/USDC"
#: In the time of the loop.
WAIT_S = 60.0

Scene = Callable[[Any, RunningExchange], Awaitable[None]]


def connected(running: RunningExchange, account: str = "alice") -> Any:
    """ccxt as it is, but for its addresses and its clock. Contracts are another exchange's business."""
    import ccxt.pro

    key, secret = running.keys(account)
    client = ccxt.pro.mexc({"apiKey": key, "secret": secret, "enableRateLimit": False})
    client.options["fetchCurrencies"] = False
    client.urls["api"]["spot"] = {"public": running.http_url, "private": running.http_url}
    client.urls["api"]["ws"]["spot"] = running.ws_url
    client.milliseconds = lambda: running.local.clock.now_ns() // 1_000_000

    async def none(params: object = None) -> list[object]:
        return []

    client.fetch_swap_markets = none
    return client


def play(folder: Path, scene: Scene) -> None:
    """One scene in virtual time, with a new exchange and a client that has loaded the markets."""

    async def whole() -> None:
        async with local_exchange(folder) as local:
            running = RunningExchange(local, asyncio.get_running_loop())
            client = connected(running)
            try:
                await client.load_markets()
                await asyncio.wait_for(scene(client, running), WAIT_S)
            finally:
                await client.close()

    run_virtual(whole())


async def until(look: Callable[[], Awaitable[Any]], good: Callable[[Any], bool]) -> Any:
    """Ask again until the answer is good; the scene's own time limit ends it."""
    while not good(found := await look()):
        await asyncio.sleep(0.02)
    return found


def test_ccxt_loads_the_markets_with_their_grids_and_limits(tmp_path: Path) -> None:
    async def scene(client: Any, exchange: RunningExchange) -> None:
        market = client.market(SYMBOL)
        assert (market["id"], market["base"], market["quote"], market["active"]) == ("BTCUSDC", "BTC", "USDC", True)
        assert market["precision"]["price"] == 0.01
        assert market["precision"]["amount"] == 1e-6
        assert market["limits"]["cost"]["min"] == 1.0
        assert market["taker"] == 0.0005
        assert "ETH/USDC" in client.markets

    play(tmp_path, scene)


def test_ccxt_reads_books_trades_candles_and_tickers(tmp_path: Path) -> None:
    async def scene(client: Any, exchange: RunningExchange) -> None:
        assert abs(await client.fetch_time() - client.milliseconds()) < 5_000
        book = await client.fetch_order_book(SYMBOL, 50)
        assert book["bids"][0][0] < book["asks"][0][0]
        trades = await until(lambda: client.fetch_trades(SYMBOL, limit=20), bool)
        assert {trade["side"] for trade in trades} <= {"buy", "sell"}
        candles = await until(lambda: client.fetch_ohlcv(SYMBOL, "1m"), bool)
        assert all(low <= start <= high and low <= end <= high for _, start, high, low, end, _ in candles)
        ticker = await client.fetch_ticker(SYMBOL)
        assert ticker["bid"] < ticker["ask"]
        assert (await client.fetch_bids_asks([SYMBOL, "ETH/USDC"]))[SYMBOL]["bid"] > 0
        assert (await client.fetch_trading_fee(SYMBOL))["taker"] == 0.0005

    play(tmp_path, scene)


def best_levels(client: Any, count: int) -> tuple[list[list[float]], list[list[float]]]:
    """The best levels of the book that ccxt keeps."""
    book = client.orderbooks[SYMBOL]
    bids, asks = ([list(level[:2]) for level in book[side][:count]] for side in ("bids", "asks"))
    return bids, asks


def test_ccxt_watches_the_book_that_rest_shows(tmp_path: Path) -> None:
    """ccxt 4.5 drops a message that began before its snapshot and ended after it, and so misses changes until their
    levels change again. Short messages and a few more of them leave the best levels right, on the first try or a later.
    """

    async def scene(client: Any, exchange: RunningExchange) -> None:
        client.options["watchOrderBook"] = {"snapshotDelay": 2, "snapshotMaxRetries": 5}
        for _ in range(5):
            for _ in range(30):
                await client.watch_order_book(SYMBOL, params={"frequency": "10ms"})
            with exchange.still_market():
                await asyncio.sleep(0.1)
                rest = await client.fetch_order_book(SYMBOL, 5)
                if best_levels(client, 5) == (rest["bids"], rest["asks"]):
                    break
        assert best_levels(client, 5) == (rest["bids"], rest["asks"])

    play(tmp_path, scene)


def test_ccxt_watches_trades_candles_and_best_prices(tmp_path: Path) -> None:
    async def scene(client: Any, exchange: RunningExchange) -> None:
        # Not `watch_bids_asks`: ccxt 4.5 hands its messages to `watch_ticker` and waits for ever.
        trades, candles, best = await asyncio.gather(
            client.watch_trades(SYMBOL), client.watch_ohlcv(SYMBOL, "1m"), client.watch_ticker(SYMBOL)
        )
        assert trades[-1]["price"] > 0
        assert candles[-1][2] >= candles[-1][3]
        assert best["bid"] < best["ask"]

    play(tmp_path, scene)


def test_ccxt_places_queries_and_cancels_each_type_of_order(tmp_path: Path) -> None:
    async def scene(client: Any, exchange: RunningExchange) -> None:
        book = await client.fetch_order_book(SYMBOL, 5)
        bid, ask = book["bids"][0][0], book["asks"][0][0]
        far = round(bid * 0.97, 2)
        placed = {
            "limit": await client.create_order(SYMBOL, "limit", "buy", 0.001, far, {"clientOrderId": "ccxt-limit"}),
            "maker": await client.create_order(SYMBOL, "limit", "buy", 0.001, far, {"postOnly": True}),
            "ioc": await client.create_order(
                SYMBOL, "limit", "buy", 0.001, round(ask * 1.002, 2), {"timeInForce": "IOC"}
            ),
            "fok": await client.create_order(
                SYMBOL, "limit", "buy", 0.001, round(ask * 1.002, 2), {"timeInForce": "FOK"}
            ),
            "cost": await client.create_order(SYMBOL, "market", "buy", 1, None, {"cost": 50}),
            "sell": await client.create_order(SYMBOL, "market", "sell", 0.001),
        }
        found = {name: await client.fetch_order(order["id"], SYMBOL) for name, order in placed.items()}
        assert {found[name]["status"] for name in ("limit", "maker")} == {"open"}
        assert {found[name]["status"] for name in ("ioc", "fok", "cost", "sell")} == {"closed"}
        assert found["limit"]["clientOrderId"] == "ccxt-limit"
        assert found["cost"]["cost"] <= 50 < found["cost"]["cost"] + 1
        assert found["sell"]["filled"] == 0.001
        opened = await client.fetch_open_orders(SYMBOL)
        assert {order["id"] for order in opened} == {placed["limit"]["id"], placed["maker"]["id"]}
        await client.cancel_order(placed["limit"]["id"], SYMBOL)
        assert (await client.fetch_order(placed["limit"]["id"], SYMBOL))["status"] == "canceled"
        await client.cancel_all_orders(SYMBOL)
        assert await client.fetch_open_orders(SYMBOL) == []
        fills = await client.fetch_my_trades(SYMBOL)
        assert {fill["order"] for fill in fills} == {placed[name]["id"] for name in ("ioc", "fok", "cost", "sell")}

    play(tmp_path, scene)


def test_ccxt_learns_what_became_of_orders_that_did_not_wait(tmp_path: Path) -> None:
    async def scene(client: Any, exchange: RunningExchange) -> None:
        from ccxt.base.errors import InvalidOrder

        book = await client.fetch_order_book(SYMBOL, 5)
        bid, ask = book["bids"][0][0], book["asks"][0][0]
        far, beyond = round(bid * 0.97, 2), round(ask * 1.01, 2)
        for rule in ("IOC", "FOK"):
            placed = await client.create_order(SYMBOL, "limit", "buy", 0.001, far, {"timeInForce": rule})
            found = await client.fetch_order(placed["id"], SYMBOL)
            assert (found["status"], found["filled"], found["timeInForce"]) == ("canceled", 0, rule)
        with pytest.raises(InvalidOrder, match="30041"):
            await client.create_order(SYMBOL, "limit", "buy", 0.001, beyond, {"postOnly": True})
        bought = await client.create_order(SYMBOL, "market", "buy", 0.001)
        fills = await client.fetch_order_trades(bought["id"], SYMBOL)
        assert sum(fill["amount"] for fill in fills) == pytest.approx(0.001)
        assert {(fill["takerOrMaker"], fill["fee"]["currency"]) for fill in fills} == {("taker", "BTC")}
        assert (await client.create_order(SYMBOL, "limit", "buy", 0.001, far, {"test": True}))["id"] is None

    play(tmp_path, scene)


def test_ccxt_places_many_orders_at_once_and_finds_them_by_its_own_ids(tmp_path: Path) -> None:
    async def scene(client: Any, exchange: RunningExchange) -> None:
        far = round((await client.fetch_order_book(SYMBOL, 5))["bids"][0][0] * 0.97, 2)
        order = {"symbol": SYMBOL, "type": "limit", "side": "buy", "price": far}
        sizes = {"batch-1": 0.001, "batch-2": 0.002, "batch-3": 90}
        placed = await client.create_orders(
            [{**order, "amount": size, "params": {"clientOrderId": name}} for name, size in sizes.items()]
        )
        assert [one["id"] is None for one in placed] == [False, False, True]
        assert placed[2]["info"]["code"] == 30004
        found = await client.fetch_order(None, SYMBOL, {"clientOrderId": "batch-2"})
        assert (found["id"], found["amount"]) == (placed[1]["id"], 0.002)
        cancelled = await client.cancel_order(None, SYMBOL, {"clientOrderId": "batch-1"})
        assert (cancelled["id"], cancelled["status"]) == (placed[0]["id"], "canceled")
        assert [one["id"] for one in await client.cancel_all_orders(SYMBOL)] == [placed[1]["id"]]
        states = {one["clientOrderId"]: one["status"] for one in await client.fetch_orders(SYMBOL)}
        assert states == {"batch-1": "canceled", "batch-2": "canceled"}

    play(tmp_path, scene)


def test_ccxt_is_told_why_it_is_refused(tmp_path: Path) -> None:
    async def scene(client: Any, exchange: RunningExchange) -> None:
        from ccxt.base import errors

        with pytest.raises(errors.InsufficientFunds):
            await client.create_order(SYMBOL, "limit", "buy", 20, 39_000)
        with pytest.raises(errors.InvalidOrder, match="30002"):
            await client.create_order(SYMBOL, "limit", "buy", 0.00001, 100)
        with pytest.raises(errors.BadRequest, match="-2011"):
            await client.cancel_order("C02__1", SYMBOL)
        with pytest.raises(errors.BadSymbol, match="-1121"):
            await client.spotPublicGetDepth({"symbol": "NONEUSDC"})
        with pytest.raises(errors.ExchangeError, match="404"):
            await client.fetch_deposit_address("USDC")
        client.nonce = lambda: client.milliseconds() - 60_000
        with pytest.raises(errors.InvalidNonce):
            await client.fetch_balance()
        del client.nonce
        client.secret = "another"
        with pytest.raises(errors.AuthenticationError):
            await client.fetch_balance()

    play(tmp_path, scene)


def test_ccxt_gets_an_answer_to_its_pings(tmp_path: Path) -> None:
    """It writes them in small letters, and gives up a connection that does not answer."""

    async def scene(client: Any, exchange: RunningExchange) -> None:
        stream = client.client(exchange.ws_url)
        stream.keepAlive, stream.maxPingPongMisses = 100, 100_000  # it takes the time from the wall
        await client.watch_ticker(SYMBOL)
        while stream.lastPong is None:
            await asyncio.sleep(0.01)
        begun = stream.lastPong
        while stream.lastPong == begun:
            await asyncio.sleep(0.01)
        assert stream.error is None

    play(tmp_path, scene)


def test_ccxt_leaves_the_channels_that_it_no_longer_watches(tmp_path: Path) -> None:
    async def scene(client: Any, exchange: RunningExchange) -> None:
        await asyncio.gather(*(client.watch_trades(symbol) for symbol in (SYMBOL, "ETH/USDC")))
        await client.un_watch_trades(SYMBOL)
        while "spot@public.aggre.deals.v3.api.pb@100ms@BTCUSDC" in exchange.channels(""):
            await asyncio.sleep(0.01)
        assert "spot@public.aggre.deals.v3.api.pb@100ms@ETHUSDC" in exchange.channels("")
        assert (await client.watch_trades(SYMBOL))[-1]["symbol"] == SYMBOL

    play(tmp_path, scene)


def test_ccxt_comes_back_after_its_streams_were_cut(tmp_path: Path) -> None:
    async def scene(client: Any, exchange: RunningExchange) -> None:
        from ccxt.base.errors import NetworkError

        await client.watch_trades(SYMBOL)
        watching = asyncio.ensure_future(client.watch_orders())
        await until(lambda: heard(exchange, "orders"), bool)
        exchange.cut_streams()
        with pytest.raises(NetworkError):
            await watching
        watching = asyncio.ensure_future(client.watch_orders())
        await until(lambda: heard(exchange, "orders"), bool)
        placed = await client.create_order(SYMBOL, "market", "buy", 1, None, {"cost": 50})
        assert (await watching)[-1]["id"] == placed["id"]

    play(tmp_path, scene)


async def heard(running: RunningExchange, *kinds: str) -> bool:
    """Whether alice's private channels of these kinds are subscribed."""
    return {f"spot@private.{kind}.v3.api.pb" for kind in kinds} <= running.channels("alice")


def test_ccxt_watches_its_orders_fills_and_balances(tmp_path: Path) -> None:
    async def scene(client: Any, exchange: RunningExchange) -> None:
        watching = [
            asyncio.ensure_future(one)
            for one in (client.watch_orders(SYMBOL), client.watch_my_trades(SYMBOL), client.watch_balance())
        ]
        await until(lambda: heard(exchange, "orders", "deals", "account"), bool)
        placed = await client.create_order(SYMBOL, "market", "buy", 1, None, {"cost": 50})
        orders, fills, balance = await asyncio.gather(*watching)
        assert orders[-1]["id"] == fills[-1]["order"] == placed["id"]
        assert fills[-1]["fee"]["currency"] == "BTC"
        assert balance["USDC"]["free"] > 0

    play(tmp_path, scene)


async def watch_on(watch: Callable[[], Awaitable[Any]]) -> None:
    """Watch until cancelled."""
    while True:
        await watch()


async def told(client: Any) -> tuple[dict[str, Any], set[str]]:
    """Balances and ids of fills that the streams brought."""
    known = client.balance.get("spot", {})
    balances = {name: (known[name]["free"], known[name]["used"]) for name in ("BTC", "USDC") if name in known}
    return balances, {fill["id"] for fill in client.myTrades or ()}


def test_ccxt_ends_with_the_exchanges_own_ledger(tmp_path: Path) -> None:
    """By what it asks and by what it is told alike: balances and fills to the last digit."""

    async def scene(client: Any, exchange: RunningExchange) -> None:
        watching = [asyncio.ensure_future(watch_on(watch)) for watch in (client.watch_balance, client.watch_my_trades)]
        await until(lambda: heard(exchange, "deals", "account"), bool)
        await client.create_order(SYMBOL, "market", "buy", 1, None, {"cost": 77})
        bid = (await client.fetch_order_book(SYMBOL, 5))["bids"][0][0]
        await client.create_order(SYMBOL, "limit", "buy", 0.001, round(bid * 0.97, 2))
        await client.create_order(SYMBOL, "market", "sell", 0.0005)
        balance, fills = await client.fetch_balance(), await client.fetch_my_trades(SYMBOL)
        asked = {name: (balance[name]["free"], balance[name]["used"]) for name in ("BTC", "USDC")}
        await until(lambda: told(client), lambda found: found == (asked, {fill["id"] for fill in fills}))
        for task in watching:
            task.cancel()
        known = {row["asset"]: (Decimal(row["free"]), Decimal(row["locked"])) for row in balance["info"]["balances"]}
        assert known == exchange.ledger("alice")
        assert {asset: Decimal(str(total)) for asset, total in balance["total"].items()} == {
            asset: free + locked for asset, (free, locked) in known.items()
        }
        rows = [fill["info"] for fill in fills]
        assert {(row["orderId"], row["id"], row["qty"], row["commission"]) for row in rows} == exchange.fills("alice")
        assert exchange.audit_is_clean()

    play(tmp_path, scene)
