"""`flashc watch` beside a local exchange."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flashc.cli.app import run
from flashc.cli.exit_codes import Exit
from support.local_exchange import local_exchange


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The stream address of an exchange that runs in a thread."""
    ready, done = threading.Event(), threading.Event()
    found: list[str] = []

    async def serve() -> None:
        async with local_exchange(tmp_path_factory.mktemp("exchange")) as local:
            found.append(local.ws_url)
            ready.set()
            while not done.is_set():
                await asyncio.sleep(0.05)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(60)
    yield found[0]
    done.set()
    thread.join(10)


def test_a_book_becomes_valid_and_each_change_is_a_line(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["watch", "BTC/USDC", "--url", url, "--for", "2s"]) == Exit.OK
    out = capsys.readouterr().out
    lines = [line.split(maxsplit=3)[2:] for line in out.splitlines() if " s  BTCUSDC" in line]
    assert ["BTCUSDC", "valid"] in lines
    assert "depth_applied" in out


def test_json_prints_the_whole_state(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["watch", "BTC/USDC", "--url", url, "--for", "1s", "--json"]) == Exit.OK
    said = json.loads(capsys.readouterr().out)
    assert said["version"] == 1
    assert said["symbols"]["BTCUSDC"]["channels"]["depth"]["confirmed"] in (True, False)
    assert said["counters"]["dials"] == 1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["BTC/USDC", "--url", "ws://192.0.2.1/ws"], Exit.USAGE, "FC1210"),
        (["BTC/USDC", "--url", "ws://127.0.0.1:1/ws", "--for", "soon"], Exit.USAGE, "is not a length of time"),
        (["nonsense", "--url", "ws://127.0.0.1:1/ws"], Exit.USAGE, "is not an instrument"),
        (["BTC/USDC", "--url", "ws://127.0.0.1:1/ws"], Exit.ENVIRONMENT, "FC1030"),
    ],
)
def test_what_cannot_be_watched_is_one_message(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["watch", *arguments]) == code
    said = capsys.readouterr().err
    assert message in said
    assert "fetched" not in said
