"""`flashc watch`: is the exchange's market data valid here and now, and if not, why not."""

from __future__ import annotations

import asyncio
import secrets
import signal
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import console
from .command import Json, example, make_app
from .data_fetch import Certificate, parsed_instrument
from .data_record import STREAM_URL, rest_of
from .ending import ending_signals
from .problem import Problem
from .waiting import asking, told

if TYPE_CHECKING:
    from ..runtime.mexc.market.client import MarketClient
    from ..runtime.mexc.market.feed import FeedConfig, MarketFeed
    from ..runtime.mexc.market.validity import Validity
    from ..runtime.mexc.rest.client import MexcRest

app = make_app()
STATUS_SECONDS = 0.2


@app.command(
    epilog=example("flashc watch BTC/USDC --url ws://127.0.0.1:8870/ws", "flashc watch BTC/USDC --for 10s --json"),
)
def watch(
    instruments: Annotated[list[str], typer.Argument(metavar="BASE/QUOTE...", help="Such as BTC/USDC.")],
    url: Annotated[str, typer.Option("--url", help="The exchange's stream address.")] = STREAM_URL,
    rest: Annotated[
        str | None, typer.Option("--rest", metavar="URL", help="Its REST address. Default: that of the same server.")
    ] = None,
    for_: Annotated[
        str | None, typer.Option("--for", metavar="TIME", help="Such as 10s, 5m. Default: until Ctrl-C.")
    ] = None,
    certificate: Certificate = None,
    json: Json = False,
) -> None:
    """Keep the order books of instruments, and say whether each may be traded on.

    Each change of that is a line: `valid`, or the reason why not. At the end the counters tell what was seen.
    """
    from ..runtime.market_data.moments import parse_period
    from ..runtime.mexc.stream.endpoint import endpoint

    endpoint(url, remote=True)
    period_ns = parse_period(for_) if for_ is not None else None
    if for_ is not None and period_ns is None:
        raise Problem(f"--for `{for_}` is not a length of time", helps=("write 10s, 5m or 24h",))
    run = _Watch(url, rest or rest_of(url), None if period_ns is None else period_ns / 1e9, json)
    asyncio.run(run.all([parsed_instrument(text) for text in dict.fromkeys(instruments)], certificate))


class _Watch:
    """One run of the command."""

    def __init__(self, url: str, rest_url: str, seconds: float | None, json: bool) -> None:
        self._url, self._rest_url, self._seconds, self._json = url, rest_url, seconds, json
        self._shown: dict[str, tuple[str, str]] = {}
        self._begin_ns = 0

    async def all(self, instruments: list[Any], certificate: Any) -> None:
        from ..runtime.market_data.fetch.client import reading_client

        rest = reading_client(self._rest_url, certificate)
        try:
            await self._watch(rest, await self._configs(rest, instruments), certificate)
        finally:
            await rest.close()

    async def _configs(self, rest: MexcRest, instruments: list[Any]) -> list[FeedConfig]:
        from ..runtime.market_data.fetch.failures import FOLLOWING
        from ..runtime.market_data.fetch.patience import Patience
        from ..runtime.market_data.fetch.run import Fetcher
        from ..runtime.market_data.fetch.run import Watch as Progress
        from ..runtime.market_data.fetch.symbols import find_symbols
        from ..runtime.mexc.market.feed import FeedConfig

        fetcher = Fetcher(
            rest, rest.clock, Patience(secrets.SystemRandom().random), self._rest_url, Progress(told), FOLLOWING
        )  # fmt: skip
        with asking(self._rest_url):
            rules = await find_symbols(rest, fetcher.answer, instruments, self._rest_url)
            await fetcher.answer(rest.sync_clock)
        return [FeedConfig(each.symbol, each.price_decimals, each.qty_decimals) for each in rules]

    async def _watch(self, rest: MexcRest, configs: list[FeedConfig], certificate: Any) -> None:
        from ..runtime.mexc.market.client import MarketClient
        from ..runtime.mexc.stream.connection import tls_context
        from ..runtime.mexc.stream.endpoint import endpoint
        from ..runtime.mexc.stream.events import SessionConfig

        at = endpoint(self._url, remote=True)
        clock = rest.server_clock
        client = MarketClient(
            SessionConfig(endpoint=at),
            configs,
            rest.depth,
            lambda now_ns: clock.server_ns(now_ns) - now_ns if clock.uncertainty_ns(now_ns) is not None else None,
            seed=secrets.randbits(62),
            tls=tls_context(at, certificate),
        )
        self._begin_ns = client.now_ns()
        loop = asyncio.get_running_loop()
        with console.live() as show:
            shown = asyncio.create_task(self._show(client, rest, show))

            def end() -> None:
                shown.cancel()
                client.stop()

            for number in (signal.SIGINT, *ending_signals()):
                loop.add_signal_handler(number, end)
            shown.add_done_callback(lambda _: end())
            if self._seconds is not None:
                loop.call_later(self._seconds, end)
            try:
                await client.run()
            finally:
                shown.cancel()
        if shown.done() and not shown.cancelled():
            shown.result()  # the output could not be written
        _need_stream(client, self._url)
        if self._json:
            console.out_json({"version": 1, **client.state.picture(client.now_ns())})
        else:
            console.out("\n".join(f"{count:>12,}  {name}" for name, count in client.counters.picture().items()))

    async def _show(self, client: MarketClient, rest: MexcRest, show: Any) -> None:
        """A line for each change of validity, and the books on a terminal's last line."""
        while True:
            now_ns = client.now_ns()
            for symbol, feed in client.feeds.items():
                state = feed.validity(now_ns)
                if self._shown.get(symbol) != (state.reason, state.detail):
                    self._shown[symbol] = state.reason, state.detail
                    self._line(symbol, state)
            show(screen_rows(client.feeds.values(), now_ns))
            if rest.server_clock.due(now_ns):
                await _sync(rest)
            await asyncio.sleep(STATUS_SECONDS)

    def _line(self, symbol: str, state: Validity) -> None:
        if not self._json:
            since_s = max(state.since_ns - self._begin_ns, 0) / 1e9
            console.out(f"{since_s:>9.1f} s  {symbol}  {state}")


def _need_stream(client: MarketClient, url: str) -> None:
    """FC1030 or FC1032 when no connection ever carried anything: that is no state of the books."""
    from ..runtime.errors import fault
    from ..runtime.mexc.stream.events import LOST_REASONS

    counts = client.counters.picture()
    why = [
        reason
        for reason in LOST_REASONS
        if counts.get(f"links_lost.{reason}") and "planned" not in LOST_REASONS[reason]
    ]
    if counts.get("frames_in") or not why:
        return
    code, what = ("FC1032", "the answer is not the exchange's") if "handshake" in why else ("FC1030", "no stream came")
    helps = ("check `--url`: it names the scheme, the host, the port and the path, such as `ws://127.0.0.1:8870/ws`",)
    raise fault(code, what, url, notes=tuple(LOST_REASONS[reason] for reason in why), helps=helps)


async def _sync(rest: MexcRest) -> None:
    from ..runtime.mexc.rest.errors import MexcError

    try:
        await rest.sync_clock()
    except (MexcError, OSError):
        return  # the feed says `clock` when it needs it


def screen_rows(feeds: Iterable[MarketFeed], now_ns: int) -> list[console.Row]:
    """A row for each book: best bid and ask, and whether it may be traded on."""
    feeds = list(feeds)
    tops = [_top(feed) for feed in feeds]
    bids, asks = (max(map(len, side)) for side in zip(*tops, strict=True))
    rows = []
    for feed, (bid, ask) in zip(feeds, tops, strict=True):
        state = feed.validity(now_ns)
        text = f"{bid:>{bids}} / {ask:>{asks}}  {state}"
        rows.append((feed.config.symbol, text, "good" if state.valid else "bad"))
    return rows


def _top(feed: MarketFeed) -> tuple[str, str]:
    from ..cython_core.wire.decimals import decimal_text

    sides = (feed.book.best_bid(), feed.book.best_ask())
    bid, ask = ("-" if best is None else decimal_text(best[0], feed.config.price_decimals) for best in sides)
    return bid, ask
