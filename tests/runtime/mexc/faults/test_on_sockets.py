"""Faults over loopback sockets, in real time and side by side: the starred ones, and those that need sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from support.local_exchange import market
from support.virtual_time import run_virtual
from support.watched_exchange import Watched, watched

Scene = Callable[[Watched], Awaitable[None]]


def silent(channel: str, *reasons: str) -> Scene:
    """W-03: found within two seconds, whatever else is well."""

    async def scene(play: Watched) -> None:
        begun_ns = play.client.now_ns()
        play.fault("W-03", channel=channel)
        await play.invalid(10, *reasons)
        assert play.seen[-1][0] - begun_ns <= 2_000_000_000
        assert play.counters["links_lost"] == 0

    return scene


async def b_01(play: Watched) -> None:
    """A version gap ends the book, and a new snapshot mends it."""
    play.fault("B-01", messages=3, keep=8, for_ms=1_500)
    await play.invalid(10, "building (gap)")
    assert play.counters["depth_gap"] >= 1


async def b_04(play: Watched) -> None:
    """A crossed book is not valid while it is; soon it is built anew, and at last the symbol halts."""
    play.fault("B-04")
    await play.invalid(10, "crossed")
    await play.until(lambda: play.counters["resyncs.crossed"] >= 1, 2)
    await play.invalid(20, "halted (crossed)")
    play.heal()
    play.feed.resume(play.client.now_ns())


async def b_04_locked(play: Watched) -> None:
    """A bid at the best ask crosses, too."""
    play.fault("B-04", kind="locked", where="stream", for_ms=500)
    await play.invalid(10, "crossed")
    play.wrong.clear()  # the false bid is in no snapshot


async def b_04_passes(play: Watched) -> None:
    """A cross that the stream alone shows is over when a new snapshot is there."""
    play.fault("B-04", where="stream", for_ms=1_000)
    await play.invalid(10, "crossed")
    play.wrong.clear()  # the false bid is in no snapshot


async def n_05(play: Watched) -> None:
    """What is under way for too long makes the book invalid, and does not end it."""
    play.fault("N-05", to_client=800, to_server=10)
    await play.invalid(10, "lag", "stale", "building (lag)")
    assert play.counters["links_lost"] == 0


async def n_07(play: Watched) -> None:
    """Nothing passes, then everything at once: age and lag tell."""
    play.fault("N-07", stall=1_600, flow=60_000)
    await play.invalid(10, "stale", "disagreement")


async def n_02(play: Watched) -> None:
    """Refused connections are dialled again until one is open."""
    play.fault("N-02", how="refused")
    play.fault("W-01", how="reset", count=1)
    await play.invalid(10, "no_link")
    await play.until(lambda: play.counters["links_lost.connect_failed"] + play.counters["links_lost.reset"] >= 3, 10)


async def w_05(play: Watched) -> None:
    """A frame without an end costs the connection, and little memory."""
    play.fault("W-05", kind="fragments", gap=60_000)
    await play.until(lambda: play.counters["links_lost.frame"] == 1, 10)


SCENES: dict[str, Scene] = {
    "W-03 all": silent("", "stale", "disagreement"),
    "W-03 book": silent("public.aggre.depth", "stale", "disagreement"),
    "W-03 best prices": silent("public.aggre.bookTicker", "disagreement"),
    "W-03 trades": silent("public.aggre.deals", "trades_stopped"),
    "B-01": b_01,
    "B-04 crossed": b_04,
    "B-04 locked": b_04_locked,
    "B-04 passes": b_04_passes,
    "N-02": n_02,
    "N-05": n_05,
    "N-07": n_07,
    "W-05": w_05,
}


async def survived(folder: Path, scene: Scene) -> Watched:
    async with watched(folder) as play:
        await scene(play)
        play.heal()
        await play.valid(20)
        await asyncio.sleep(0.3)
        return play


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Watched | BaseException]:
    """What became of each scene; all run at once."""
    for instrument in ("BTC/USDC", "ETH/USDC"):
        market(instrument)  # made before, so that no scene waits for it

    async def run() -> list[Watched | BaseException]:
        runs = (survived(tmp_path_factory.mktemp(name), scene) for name, scene in SCENES.items())
        return await asyncio.gather(*runs, return_exceptions=True)

    return dict(zip(SCENES, run_virtual(run()), strict=True))


def same_book_always(found: Watched | BaseException) -> bool:
    if isinstance(found, BaseException):
        raise found
    return not found.wrong and found.compared > 0


@pytest.mark.parametrize("name", ["all", "book", "best prices", "trades"])
def test_w_03_silent_stream_over_sockets(name: str, outcomes: dict[str, Watched | BaseException]) -> None:
    assert same_book_always(outcomes[f"W-03 {name}"])


def test_b_01_version_gap_over_sockets(outcomes: dict[str, Watched | BaseException]) -> None:
    assert same_book_always(outcomes["B-01"])


@pytest.mark.parametrize("name", ["crossed", "locked", "passes"])
def test_b_04_crossed_book_over_sockets(name: str, outcomes: dict[str, Watched | BaseException]) -> None:
    assert same_book_always(outcomes[f"B-04 {name}"])


@pytest.mark.parametrize("name", ["N-02", "N-05", "N-07", "W-05"])
def test_n_02_n_05_n_07_w_05_over_sockets(name: str, outcomes: dict[str, Watched | BaseException]) -> None:
    assert same_book_always(outcomes[name])
