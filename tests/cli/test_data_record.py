"""`flashc data record` against a source on this machine: what is stored, how it ends, what a crash leaves."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flashc.cli.app import run
from flashc.cli.data_record import is_news, rest_of, status_rows
from flashc.runtime.market_data.events import EventSet
from flashc.runtime.market_data.record import run as record_run
from flashc.runtime.market_data.record import writer
from flashc.runtime.market_data.record.apart import Helper
from flashc.runtime.market_data.record.commit import Committed
from flashc.runtime.market_data.record.run import Recording, Status
from flashc.runtime.market_data.store.places import Root, table_at
from flashc.runtime.market_data.store.sets import load
from support.ended_when import recording_until

SOURCE = Path(__file__).resolve().parents[2] / "benchmarks" / "record_source.py"
COMMAND = [sys.executable, "-m", "flashc", "data", "record", "BTC/USDC"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FLASHC_DATA", raising=False)
    return tmp_path


@contextmanager
def source(*options: str, seconds: float = 600.0) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address of a source, and its process. It stays until the block ends."""
    command = [sys.executable, str(SOURCE), "--seconds", str(seconds), "--linger", "600", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"ws://127.0.0.1:{process.stdout.readline().strip()}/ws", process
    finally:
        process.kill()
        process.communicate()


def summary(process: subprocess.Popen[str]) -> Callable[[], dict[str, Any]]:
    """What a source has sent: it says so once, when it has sent everything, and whoever asks waits for it."""
    assert process.stdout is not None
    return cache(lambda: json.loads(process.stdout.readline()))  # type: ignore[union-attr]


def waited(folder: Path, size: int = 40_000) -> None:
    """Until a segment has grown to so many bytes."""
    until = time.monotonic() + 120
    while sum(path.stat().st_size for path in folder.glob("data/.recording/*/*.seg")) < size:
        assert time.monotonic() < until, "nothing is recorded"
        time.sleep(0.02)


def stored(name: str) -> EventSet:
    found = load(table_at(None, name))
    assert isinstance(found, EventSet) and found.book is not None
    return found


def holes(data: EventSet) -> int:
    """Update ids that are missing where no snapshot follows."""
    assert data.book is not None
    heads = np.flatnonzero(data.book.ends)
    first, last = data.book.first_id[heads], data.book.last_id[heads]
    return int(((first[1:] > last[:-1] + 1) & (first[1:] > 0)).sum())


def test_everything_that_was_sent_is_stored_and_a_backtest_reads_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    apart: list[int] = []

    class Watched(Helper):
        def commit(self, path: Path, number: int, root: Root | None) -> Committed:
            done = super().commit(path, number, root)
            apart.append(done.rows)
            return done

    monkeypatch.setattr(record_run, "Helper", Watched)
    monkeypatch.setattr(writer, "MOST_ROWS", 800)  # so that segments are committed while others are written
    with source("--rate", "1500", seconds=1.0) as (url, process):
        truth_of = summary(process)

        def whole(recording: Recording) -> bool:
            return len(apart) >= 2 and recording.status().frames == truth_of()["messages"]

        with recording_until(whole):
            assert run(["data", "record", "BTC/USDC", "ETH/USDC", "--url", url, "--name", "r", "--json"]) == 0
        sent = truth_of()
    said = json.loads(capsys.readouterr().out)
    assert said["status"]["frames"] == sent["messages"] > 1200
    assert len(apart) >= 2 and min(apart) > 700
    assert (said["status"]["gaps"], said["status"]["refused"], said["gaps"]) == (0, 0, [])
    for symbol in ("BTCUSDC", "ETHUSDC"):
        data, truth = stored(f"r_{symbol[:3].lower()}-usdc"), sent["symbols"][symbol]
        assert data.book is not None and data.trades is not None
        assert holes(data) == 0 and int(data.book.last_id[-1]) == truth["version"]
        assert sorted(data.trades.trade_id.tolist()) == list(range(1, truth["trades"] + 1))
    assert run(["data", "verify", "r_btc-usdc"]) == 0
    assert "no faults" in capsys.readouterr().out


def test_gaps_and_cuts_are_named_and_the_book_is_whole_behind_them(capsys: pytest.CaptureFixture[str]) -> None:
    with source("--rate", "1000", "--gap-every", "700", "--cut-every", "1100", seconds=2.0) as (url, process):
        truth_of = summary(process)

        def whole(recording: Recording) -> bool:
            named = {gap.why for _, gap in list(recording.recorder.gaps)}
            mended = recording.status().up and not recording.recorder.joins[0].needs_snapshot
            return bool(truth_of()["messages"]) and {"link", "versions"} <= named and mended

        with recording_until(whole):
            assert run(["data", "record", "BTC/USDC", "--url", url, "--name", "r"]) == 0
    out = capsys.readouterr().out
    assert "holes; the last ones:" in out and "(link" in out and "(versions" in out
    assert "recording_gap" in out
    assert holes(stored("r")) == 0
    assert int(stored("r").book.snapshot.sum()) > 2 * 100  # type: ignore[union-attr]
    assert run(["data", "verify", "r"]) == 0
    assert "ok     sequence_gap" in capsys.readouterr().out


def test_a_recording_that_is_killed_is_recovered_at_the_next_start(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with source("--rate", "4000") as (url, _):
        child = subprocess.Popen([*COMMAND, "--url", url, "--name", "r"], cwd=folder)
        waited(folder)
        child.kill()
        assert child.wait(120) == -signal.SIGKILL
        assert not (folder / "data" / "r").exists()
        assert run(["data", "record", "--recover-only"]) == 0
        assert "rows of 1 segment recovered" in capsys.readouterr().out
        before = len(stored("r").parts()["book"])
        assert before > 100 and holes(stored("r")) == 0
        with recording_until(lambda recording: recording.status().rows > 100):
            assert run(["data", "record", "BTC/USDC", "--url", url, "--name", "r"]) == 0
    assert len(stored("r").parts()["book"]) > before and holes(stored("r")) == 0
    assert run(["data", "record", "--recover-only"]) == 0
    assert "nothing was left behind" in capsys.readouterr().out


def test_ctrl_c_ends_a_recording_in_good_order_and_a_second_writer_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with source("--rate", "500") as (url, _):
        child = subprocess.Popen([*COMMAND, "--url", url, "--json"], cwd=folder, stdout=subprocess.PIPE, text=True)
        waited(folder, 8192)
        assert run(["data", "record", "BTC/USDC", "--url", url]) == 3
        assert f"process {child.pid} writes it" in capsys.readouterr().err
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=120)
    assert child.returncode == 0
    [record] = json.loads(out)["datasets"]
    assert record["name"] == "btc-usdc_mexc_l2" and record["rows"]["book"] == len(
        stored(record["name"]).parts()["book"]
    )


def test_a_full_disk_is_one_message_and_what_was_written_is_stored(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (80_000, 80_000))

    with source("--rate", "2000") as (url, _):
        done = subprocess.run(
            [*COMMAND, "--url", url, "--name", "r", "--for", "10m"], cwd=folder, preexec_fn=little_room,
            stderr=subprocess.PIPE, text=True, timeout=180, check=False,
        )  # fmt: skip
    assert done.returncode == 3
    assert done.stderr.startswith("error[FC1037]: the recording stopped: the disk is full")
    assert done.stderr.count("error") == 1
    assert run(["data", "record", "--recover-only"]) == 0
    assert int(capsys.readouterr().out.split()[1].replace(",", "")) > 500  # rows recovered
    found = load(table_at(None, "r"))  # its book is there if the snapshot came before the disk was full
    assert isinstance(found, EventSet) and sum(map(len, found.parts().values())) > 100
    assert found.book is None or holes(found) == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "say what to record"),
        (["BTC/USDC", "--for", "soon"], 2, "is not a length of time"),
        (["BTC/USDC", "--speed", "1ms"], 2, "10ms or 100ms"),
        (["BTC/USDC", "--url", "http://127.0.0.1:1"], 2, "ws://"),
        (["BTC/USDC", "--url", "ws://127.0.0.1:1/ws"], 3, "error[FC1030]"),
        (["BTC/USDC", "--url", "ws://example.com/ws"], 2, "must be secured"),
    ],
)
def test_wrong_use(arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "record", *arguments]) == code
    assert words in capsys.readouterr().err


def test_a_server_that_has_no_streams(capsys: pytest.CaptureFixture[str]) -> None:
    with source() as (url, _):
        assert run(["data", "record", "XYZ/USDC", "--url", url]) == 2
        assert "error[FC1034]" in capsys.readouterr().err
        port = url.rpartition(":")[2].partition("/")[0]
        arguments = ["BTC/USDC", "--url", "ws://127.0.0.1:1/ws", "--rest", f"http://127.0.0.1:{port}"]
        assert run(["data", "record", *arguments]) == 3
    assert "error[FC1030]: the exchange cannot be reached" in capsys.readouterr().err
    assert not list(Path("data/.recording").glob("*/*.seg"))


def test_the_rest_address_belongs_to_the_stream_address() -> None:
    assert rest_of("wss://wbs-api.mexc.com/ws") == "https://api.mexc.com"
    assert rest_of("ws://127.0.0.1:8765/ws") == "http://127.0.0.1:8765"
    assert rest_of("wss://localhost:8766/ws") == "https://localhost:8766"


def test_the_status_line_says_rates_and_what_is_wrong() -> None:
    facts: dict[str, Any] = dict.fromkeys(Status.__dataclass_fields__, 0)
    before = Status(**{**facts, "seconds": 10.0, "frames": 1000, "up": True})
    now = Status(
        **{**facts, "seconds": 10.5, "frames": 3500, "rows": 50, "gaps": 2, "bytes_out": 3 << 20, "waiting": 1}
    )
    assert status_rows(before, now, 60.0) == [
        ("time", "10s of 1m", ""),
        ("stream", "NOT CONNECTED", "bad"),
        ("written", "3.0 MiB, 100 rows/s", ""),
        ("lost", "2 holes, 0 reconnects", "warn"),
        ("store", "1 segment not in it yet", "warn"),
    ]
    bookless = replace(now, up=True, bookless=2, no_book="the exchange has a fault of its own (HTTP 503)")
    assert status_rows(before, replace(bookless, commits_failed=3), 60.0)[4:] == [
        ("books", "2 books without a snapshot yet (the exchange has a fault of its own (HTTP 503))", "warn"),
        ("store", "1 segment not in it yet (refused 3 times)", "warn"),
    ]
    assert status_rows(before, replace(now, up=True, silent_s=12.4), None)[1] == (
        "stream", "connected, but silent for 12s", "warn"
    )  # fmt: skip
    assert status_rows(before, replace(now, up=True, clock_back_s=3600.0), None)[4] == (
        "clock", "set back: receive times stand still for another 1h", "warn"
    )  # fmt: skip
    ahead = replace(now, up=True, lag_ms=-190_000_000.0)
    assert status_rows(before, ahead, None)[1][1] == "5,000 messages/s, the exchange's clock is 2d 4h ahead"
    assert status_rows(before, replace(now, up=True, gaps=0), None)[1:4] == [
        ("stream", "5,000 messages/s, lag 0 ms", ""),
        ("written", "3.0 MiB, 100 rows/s", ""),
        ("lost", "nothing", ""),
    ]


def test_without_a_terminal_a_log_hears_of_changes_and_once_an_hour() -> None:
    facts: dict[str, Any] = dict.fromkeys(Status.__dataclass_fields__, 0)
    said = Status(**{**facts, "seconds": 100.0, "up": True, "no_book": ""})
    later = replace(said, seconds=160.0, frames=9)
    assert not is_news(said, later)
    assert is_news(said, replace(later, up=False)) and is_news(said, replace(later, no_book="nobody there"))
    assert not is_news(said, replace(later, gaps=1, seconds=105.0)) and is_news(said, replace(later, silent_s=11.0))
    assert is_news(said, replace(later, seconds=3_700.0))
