"""The starred faults of streams and books once more, over loopback sockets, in real time and side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from support.local_exchange import market
from support.watched_exchange import Watched, watched

Scene = Callable[[Watched], Awaitable[None]]


async def w_03(play: Watched) -> None:
    """Silent stream: found within two seconds, whatever else is well."""
    play.fault("W-03")
    took = await play.invalid(4, "stale", "disagreement")
    assert took <= 2.5
    assert play.counters["links_lost"] == 0


async def b_01(play: Watched) -> None:
    """A version gap ends the book, and a new snapshot mends it."""
    play.fault("B-01", messages=3, keep=8, for_ms=1_500)
    await play.invalid(4, "building (gap)")
    assert play.counters["depth_gap"] >= 1


async def b_04(play: Watched) -> None:
    """A crossed book is not valid while it is crossed."""
    play.fault("B-04", where="stream", for_ms=1_000)
    await play.invalid(4, "crossed")
    play.wrong.clear()  # the false bid is in no snapshot


SCENES: dict[str, Scene] = {"W-03": w_03, "B-01": b_01, "B-04": b_04}


async def survived(folder: Path, scene: Scene) -> Watched:
    async with watched(folder) as play:
        await scene(play)
        play.heal()
        await play.valid(10)
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

    return dict(zip(SCENES, asyncio.run(run()), strict=True))


def same_book_always(found: Watched | BaseException) -> bool:
    if isinstance(found, BaseException):
        raise found
    return not found.wrong and found.compared > 0


def test_w_03_silent_stream_over_sockets(outcomes: dict[str, Watched | BaseException]) -> None:
    assert same_book_always(outcomes["W-03"])


def test_b_01_version_gap_over_sockets(outcomes: dict[str, Watched | BaseException]) -> None:
    assert same_book_always(outcomes["B-01"])


def test_b_04_crossed_book_over_sockets(outcomes: dict[str, Watched | BaseException]) -> None:
    assert same_book_always(outcomes["B-04"])
