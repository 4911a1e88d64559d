"""Every fault of the catalogue against a whole client: it shows in what the client knows, and afterwards all agrees.

Exchange and client speak over real sockets of this machine; their time is virtual. One client lives through the faults
of a group in turn, as a client does.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flashc.runtime.mexc.account.facts import Evidence, FillFact
from flashc.runtime.mexc.rest.errors import MexcError
from flashc.simulator.faults.catalogue import CATALOGUE
from flashc.simulator.faults.schedule import Target
from flashc.simulator.faults.seams import End
from flashc.simulator.faults.spec import FaultSpec
from support.whole_client import SYMBOL, ClientSession, WholeClient

#: Virtual seconds until a fault must show.
SHOWS_WITHIN_S = 10.0

Do = Callable[[WholeClient], Awaitable[object]]
Shows = Callable[[WholeClient], bool]


@dataclass
class Row:
    """What is set, what happens before and during the fault, and how it shows. A counter shows by growing."""

    shows: Shows | tuple[str, ...]
    values: dict[str, object] = field(default_factory=dict)
    do: Do | None = None
    first: Do | None = None
    tls: bool = False
    is_last: bool = False  # the client halts, and another one must come


def reason(*reasons: str) -> Shows:
    """The book is not valid, for one of these reasons."""
    return lambda c: c.reason().startswith(reasons)


def outcome(wanted: str) -> Shows:
    """What is known of the newest order."""
    return lambda c: c.newest().outcome == wanted


def evidence(wanted: Evidence, then: str = "") -> Shows:
    """A piece of evidence of the newest order, and in the end its outcome."""
    return lambda c: wanted in c.newest().evidence and then in ("", c.newest().outcome)


def status(wanted: str) -> Shows:
    """The state of the newest order."""
    return lambda c: any(
        one.client_id == c.newest().client_id and one.status == wanted for one in c.feed.knowledge.orders()
    )


def refused_read(c: WholeClient) -> bool:
    """The last read ended in an error."""
    return c.last_error is not None


def newest_fill(holds: Callable[[FillFact], bool]) -> Shows:
    """Something holds of the newest fill, once there is one: the exchange may answer before its stream tells."""
    return lambda c: any(map(holds, c.feed.knowledge.fills()[-1:]))


def met_itself(c: WholeClient) -> bool:
    """Both sides of one trade are fills of the account."""
    trades = [one.trade_id.partition("X")[0] for one in c.feed.knowledge.fills()]
    return len(set(trades)) < len(trades)


async def cut_streams(c: WholeClient) -> None:
    c.local.app.end_streams(Target(), End.RESET, 1006)


async def cut_streams_later(c: WholeClient) -> None:
    await asyncio.sleep(3)
    await cut_streams(c)


async def place(c: WholeClient) -> None:
    await c.place()


async def take(c: WholeClient) -> None:
    await c.place(far=False)


async def take_twice(c: WholeClient) -> None:
    await take(c)
    await c.place(far=False, side="SELL")


async def make(c: WholeClient) -> None:
    await c.place(type_="LIMIT_MAKER")


async def immediate(c: WholeClient) -> None:
    await c.place(far=False, type_="IMMEDIATE_OR_CANCEL")


async def place_and_cancel(c: WholeClient) -> None:
    await c.place()
    await c.desk.cancel(SYMBOL, c.newest().client_id)


async def place_two(c: WholeClient) -> None:
    await asyncio.gather(c.place(), c.place(side="SELL"))


async def place_some(c: WholeClient) -> None:
    for _ in range(6):
        await c.place()


async def keep_two(c: WholeClient) -> None:
    await c.place()
    await c.place()
    await c.rest.cancel_open(SYMBOL)
    c.feed.reconcile_soon()


async def same_id(c: WholeClient) -> None:
    order = c.order(c.name())
    await c.desk.place(order)
    await c.rest.place(order)


async def ask_at_once(c: WholeClient) -> None:
    await c.place()
    await read(lambda c: c.rest.order(SYMBOL, client_id=c.newest().client_id))(c)


async def batch(c: WholeClient) -> None:
    items = await c.rest.place_batch([c.order(c.name()) for _ in range(4)])
    c.last_codes = [item.code for item in items]


async def info(c: WholeClient) -> None:
    (c.last_info,) = await c.rest.exchange_info([SYMBOL])


async def wait_and_take(c: WholeClient) -> None:
    await asyncio.sleep(1)
    await take(c)


def read(what: Callable[[WholeClient], Awaitable[object]], times: int = 1) -> Do:
    """Ask, and keep the error."""

    async def asked(c: WholeClient) -> None:
        for _ in range(times):
            try:
                await what(c)
            except MexcError as error:
                c.last_error = error

    return asked


the_time = read(lambda c: c.rest.time())

ROWS: dict[str, Row] = {
    "N-01": Row(outcome("UNKNOWN"), do=place),
    "N-02": Row(("links_lost.connect_failed",), do=cut_streams),
    "N-03": Row(("links_lost.tls_refused",), do=cut_streams, tls=True),
    "N-04": Row(("links_lost.tls_refused",), do=cut_streams, tls=True),
    "N-05": Row(reason("lag"), {"to_client": 900}),
    "N-06": Row(reason("lag", "stale"), {"gap": 200}),
    "N-07": Row(reason("stale"), {"stall": 1_500}),
    "N-08": Row(reason("stale"), {"step": 1_500}),
    "N-09": Row(evidence(Evidence.UNKNOWN), do=place),
    "N-10": Row(evidence(Evidence.MISMATCH), {"hold": 500}, do=place_two),
    "W-01": Row(("links_lost.reset",)),
    "W-02": Row(("links_lost.server_closed",), {"life": 3_000}),
    "W-03": Row(reason("stale")),
    "W-04": Row(("channel_refused",), {"how": "refused"}, do=cut_streams),
    "W-05": Row(("links_lost.frame",)),
    "W-06": Row(("depth_refused",), {"kind": "missing_price"}),
    "W-07": Row(("depth_old", "deals_repeated")),
    "W-08": Row(("invalid.lag", "invalid.stale"), {"hold": 1_500}),
    "W-09": Row(("links_lost.no_pong",)),
    "W-10": Row(reason("stale", "lag")),
    "B-01": Row(("depth_gap",)),
    "B-02": Row(("depth_old",)),
    "B-03": Row(("snapshots_unjoined",), {"kind": "older", "time": 2_000}, do=cut_streams_later),
    "B-04": Row(("depth_crossed",)),
    "B-05": Row(("depth_refused",)),
    "B-06": Row(reason("one_sided", "building", "crossed", "disagreement")),
    "B-07": Row(("other_symbol",), {"kind": "wrapper"}),
    "B-08": Row(("depth_backwards",)),
    "B-09": Row(("resyncs",)),
    "B-10": Row(("invalid.disagreement",)),
    "R-01": Row(evidence(Evidence.UNKNOWN, "EXISTS"), do=place),
    "R-02": Row(outcome("UNKNOWN"), do=place),
    "R-03": Row(refused_read, do=ask_at_once),
    "R-04": Row(outcome("TWICE"), {"how": "replay"}, do=place),
    "R-05": Row(outcome("TWICE"), do=same_id),
    "R-06": Row(evidence(Evidence.UNKNOWN, "EXISTS"), {"late": 2_000}, do=place),
    "R-07": Row(evidence(Evidence.MISMATCH), do=place),
    "R-08": Row(outcome("EXISTS"), {"late": 300}, do=take),
    "R-09": Row(status("FILLED"), do=place_and_cancel),
    "R-10": Row(lambda c: len(c.feed.knowledge.live()) == 1, do=keep_two),
    "R-11": Row(outcome("REJECTED"), do=place),
    "R-12": Row(lambda c: c.last_info["quotePrecision"] == 1, do=info),
    "R-13": Row(outcome("REJECTED"), do=make),
    "R-14": Row(status("PARTIALLY_CANCELED"), do=immediate),
    "R-15": Row(("AuthFault",), do=place),
    "R-16": Row(lambda c: c.last_codes == [0, 30004, 0, 30004], do=batch),
    "R-17": Row(evidence(Evidence.UNKNOWN), do=place),
    "R-18": Row(lambda c: len(c.feed.knowledge.fills()) >= 40, {"fills": 40}),
    "P-01": Row(("streams_lost",), first=place),
    "P-02": Row(("fills_repeated",), do=take),
    "P-03": Row(WholeClient.agrees, do=take_twice),
    "P-04": Row(("unknown_code",), do=place),
    "P-05": Row(WholeClient.agrees, do=take),
    "P-06": Row(("deaf_streams",), do=wait_and_take),
    "P-07": Row(WholeClient.agrees, {"how": "missing"}, do=take),
    "P-08": Row(lambda c: any(not one.client_id for one in c.feed.knowledge.live())),
    "P-09": Row(lambda c: bool(c.feed.knowledge.anomalies()) or c.count("fills_differ") > 0, do=take, is_last=True),
    "P-10": Row(newest_fill(lambda one: one.fee > 0), do=take),
    "P-11": Row(met_itself),
    "P-12": Row(newest_fill(lambda one: one.trade_id.startswith("0000")), {"form": "long"}, do=take),
    "X-01": Row(("RateLimited",), {"retry_after": 2}, do=the_time),
    "X-02": Row(refused_read, do=the_time),
    "X-03": Row(outcome("REJECTED"), do=place),
    "X-04": Row(refused_read, {"down": "rest"}, do=the_time),
    "X-05": Row(status("CANCELED"), first=place),
    "X-06": Row(WholeClient.agrees, {"asset": "USDC"}),
    "X-07": Row(outcome("REJECTED"), do=place),
    "X-08": Row(outcome("EXISTS"), {"late": 1_500}, do=take),
    "X-09": Row(outcome("REJECTED"), {"cap": 3}, do=place_some),
    "X-10": Row(("RateLimited",), {"weight": 20}, do=read(lambda c: c.rest.account(), times=4)),
    "X-11": Row(WholeClient.agrees, {"age": 1_000}, do=take),
    "X-12": Row(lambda c: not c.last_info["isSpotTradingAllowed"], do=info),
    "X-13": Row(outcome("REJECTED"), {"orders": 3}, do=place_some),
}


def test_every_fault_has_its_row() -> None:
    assert list(ROWS) == list(CATALOGUE)


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, Row], ClientSession]]:
    """A client for each group, made when it is first asked for."""
    found: dict[tuple[str, bool, bool], ClientSession] = {}

    def session(number: str, row: Row) -> ClientSession:
        key = (number[0], row.tls, row.is_last)
        if key not in found:
            found[key] = ClientSession(Path(tmp_path_factory.mktemp(number)), tls=row.tls)
        return found[key]

    yield session
    for one in found.values():
        one.close()


@pytest.mark.parametrize("spec", CATALOGUE.values(), ids=lambda spec: f"{spec.id} {spec.name}")
def test_a_fault_shows_in_the_client_and_heals(spec: FaultSpec, sessions: Callable[[str, Row], ClientSession]) -> None:
    row = ROWS[spec.id]
    session = sessions(spec.id, row)
    session.do(live_through(session.client, spec.id, row))
    assert row.is_last or session.client.agrees()


async def live_through(c: WholeClient, number: str, row: Row) -> None:
    """One fault from before it to after it."""
    c.last_error = None
    if row.first is not None:
        await row.first(c)
    before = {name: c.count(name) for name in row.shows} if isinstance(row.shows, tuple) else {}
    c.inject(number, **{name: str(value) for name, value in row.values.items()})
    if row.do is not None:
        await row.do(c)
    try:
        async with asyncio.timeout(SHOWS_WITHIN_S):
            while not shown(c, row, before):
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(
            f"{number} does not show: {c.reason()} {c.feed.picture()} {c.market.counters.picture()}"
        ) from None
    if not row.is_last:
        await mend(c)


def shown(c: WholeClient, row: Row, before: dict[str, int]) -> bool:
    if isinstance(row.shows, tuple):
        return any(c.count(name) > before[name] for name in row.shows)
    return row.shows(c)


async def mend(c: WholeClient) -> None:
    """Heal, take up what was halted, cancel what is open, and wait until client and exchange agree."""
    c.heal()
    for feed in c.market.feeds.values():
        feed.resume(c.clock.mono_ns())
    with contextlib.suppress(TimeoutError, MexcError):
        async with asyncio.timeout(10):
            await c.rest.cancel_all()
    c.feed.reconcile_soon()
    try:
        await c.whole()
    except TimeoutError:
        raise AssertionError(f"not mended: {c.reason()} {c.feed.picture()}\n{c.picture()}\n{c.truth()}") from None
