"""`flashc data record`: the exchange's streams to data sets, as they come."""

from __future__ import annotations

import asyncio
import secrets
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from . import console
from .command import Json
from .data_fetch import Certificate, parsed_instrument
from .data_options import Name, Root
from .ending import ending_signals
from .problem import Problem
from .waiting import asking, told

if TYPE_CHECKING:
    from ..runtime.market_data.instruments import Instrument
    from ..runtime.market_data.record.commit import Recovered
    from ..runtime.market_data.record.run import Recording, Status
    from ..runtime.market_data.record.spool import Spool
    from ..runtime.market_data.record.streams import Recorded
    from ..runtime.market_data.store.places import Root as StoreRoot
    from ..runtime.mexc.rest.client import MexcRest

STREAM_URL = "wss://wbs-api.mexc.com/ws"
REST_URL = "https://api.mexc.com"
_STREAM_HOST = "wbs-api.mexc.com"
STATUS_SECONDS = 0.5
#: A book that gives nothing for so long is called silent.
SILENT_SECONDS = 5.0
#: Without a terminal a line is written when something changed, at most this often, and once an hour.
NEWS_SECONDS, HOUR_SECONDS = 10.0, 3600.0


def record(
    instruments: Annotated[
        list[str] | None, typer.Argument(metavar="BASE/QUOTE...", help="Such as BTC/USDC.", show_default=False)
    ] = None,
    url: Annotated[str, typer.Option("--url", help="The exchange's stream address.")] = STREAM_URL,
    rest: Annotated[
        str | None, typer.Option("--rest", metavar="URL", help="Its REST address. Default: that of the same server.")
    ] = None,
    for_: Annotated[
        str | None, typer.Option("--for", metavar="TIME", help="Such as 90s, 10m, 24h. Default: until Ctrl-C.")
    ] = None,
    name: Name = None,
    levels: Annotated[int, typer.Option("--levels", min=5, max=5000, help="Levels a side of a snapshot.")] = 5000,
    speed: Annotated[str, typer.Option("--speed", help="10ms or 100ms between messages of a book.")] = "10ms",
    certificate: Certificate = None,
    recover_only: Annotated[
        bool, typer.Option("--recover-only", help="Only put what an earlier recording left into its data set.")
    ] = False,
    root: Root = None,
    json: Json = False,
) -> None:
    """Record order books and trades, one data set for each instrument, until the time is over or Ctrl-C.

    Updates are joined with snapshots by version, as a trading client must; where something is missing, the hole is
    marked and a fresh snapshot follows it. Rows are on the disk within a second, and in the data set within five
    minutes. What a crash leaves behind is put into the data set at the next start.
    """
    if recover_only:
        _report_recovery(_recover_all(instruments, name, root), json)
        return
    plan = _plan(instruments or [], url, rest, for_, name, speed, levels, certificate, root)
    with ExitStack() as stack:
        run = _Run(plan, stack)
        asyncio.run(run.all())
        if json:
            console.out_json({"version": 1, **run.json()})
        else:
            console.out(run.text())


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the command line asks for. `seconds` is None for a recording without an end."""

    instruments: list[tuple[Instrument, str]]
    url: str
    rest: str
    seconds: float | None
    speed: str
    levels: int
    certificate: Path | None
    root: StoreRoot | None


def _plan(
    instruments: list[str], url: str, rest: str | None, for_: str | None, name: str | None, speed: str, levels: int,
    certificate: Path | None, root: StoreRoot | None,
) -> _Plan:  # fmt: skip
    from ..runtime.market_data.record.source import SPEEDS
    from ..runtime.mexc.stream.endpoint import endpoint

    if not instruments:
        raise Problem("say what to record", helps=("such as `flashc data record BTC/USDC`",))
    if speed not in SPEEDS:
        raise Problem(f"--speed {speed} is none that the exchange has", helps=("10ms or 100ms",))
    endpoint(url, remote=True)
    wanted = [parsed_instrument(text) for text in dict.fromkeys(instruments)]
    named = [(instrument, _name(instrument, name, len(wanted) > 1)) for instrument in dict.fromkeys(wanted)]
    return _Plan(named, url, rest or rest_of(url), _seconds(for_), speed, levels, certificate, root)


def _name(instrument: Instrument, name: str | None, several: bool) -> str:
    """`btc-usdc_mexc_l2`; with a name and several instruments, `NAME_btc-usdc`."""
    pair = f"{instrument.base}-{instrument.quote}".lower()
    if name is None:
        return f"{pair}_mexc_l2"
    return f"{name}_{pair}" if several else name


def _seconds(text: str | None) -> float | None:
    from ..runtime.market_data.moments import parse_period

    if text is None:
        return None
    found = parse_period(text)
    if found is None:
        raise Problem(f"--for `{text}` is not a length of time", helps=("write 90s, 10m, 24h or 7d",))
    return found / 1e9


def rest_of(url: str) -> str:
    """The REST address that belongs to a stream's address."""
    parts = urlsplit(url)
    if parts.hostname == _STREAM_HOST:
        return REST_URL
    return f"{'https' if parts.scheme == 'wss' else 'http'}://{parts.netloc}"


# ---- what was left behind


def _recover_all(instruments: list[str] | None, name: str | None, root: StoreRoot | None) -> dict[str, Recovered]:
    """Every data set that has segments waiting, or those that are named."""
    from ..runtime.market_data.record.commit import recover
    from ..runtime.market_data.record.spool import opened, waiting

    wanted = [parsed_instrument(text) for text in instruments or ()]
    names = {_name(instrument, name, len(wanted) > 1) for instrument in wanted} or ({name} if name else set())
    found = {}
    for each in waiting(root):
        if not names or each in names:
            with opened(each, root) as spool:
                found[each] = recover(spool, root)
    return found


def _report_recovery(found: dict[str, Recovered], json: bool) -> None:
    if json:
        console.out_json({"version": 1, "recovered": {name: _recovered_json(one) for name, one in found.items()}})
    elif not found:
        console.out("nothing was left behind")
    else:
        console.out("\n".join(f"{name}: {_recovered_text(one)}" for name, one in found.items()))
    _refuse_damaged(found)


def _recovered_json(one: Recovered) -> dict[str, Any]:
    return {
        "segments": one.segments, "rows": one.rows, "torn_rows": one.torn_rows, "torn_bytes": one.torn_bytes,
        "damaged": [str(path) for path in one.damaged],
    }  # fmt: skip


def _recovered_text(one: Recovered) -> str:
    from ..runtime.market_data.moments import count_text

    rows, segments = count_text(one.rows, "row"), count_text(one.segments, "segment")
    torn = f"; {one.torn_rows:,} rows and {one.torn_bytes:,} bytes were torn and are cut" if one.torn_bytes else ""
    return f"{rows} of {segments} recovered{torn}"


def _refuse_damaged(found: dict[str, Recovered]) -> None:
    from ..runtime.errors import fault

    for name, one in found.items():
        for path in one.damaged:
            raise fault("FC1039", f"a segment of `{name}` cannot be read from its beginning on", str(path))


# ---- a recording


class _Run:
    """One recording from its start to its summary."""

    def __init__(self, plan: _Plan, stack: ExitStack) -> None:
        self.plan, self._stack = plan, stack
        self.recovered: dict[str, Recovered] = {}
        self.recording: Recording | None = None

    async def all(self) -> None:
        """Ask what the instruments are, recover, record, commit."""
        from ..runtime.market_data.fetch.client import reading_client

        client = reading_client(self.plan.rest, self.plan.certificate)
        try:
            recorded = await self._instruments(client)
            spools = [self._spool(what.name) for what in recorded]
            self.recording = self._recording(recorded, spools, client)
            await self._watched(self.recording)
        finally:
            await client.close()

    async def _instruments(self, client: MexcRest) -> list[Recorded]:
        from ..runtime.market_data.fetch.failures import FOLLOWING
        from ..runtime.market_data.fetch.patience import Patience
        from ..runtime.market_data.fetch.run import Fetcher, Watch
        from ..runtime.market_data.fetch.symbols import find_symbols
        from ..runtime.market_data.record.streams import Recorded

        patience = Patience(secrets.SystemRandom().random)
        fetcher = Fetcher(client, client.clock, patience, self.plan.rest, Watch(told), FOLLOWING)
        wanted = [instrument for instrument, _ in self.plan.instruments]
        with asking(self.plan.rest):
            rules = await find_symbols(client, fetcher.answer, wanted, self.plan.rest)
        for each in rules:
            if each.refusal:
                console.err(f"note: {each.base}/{each.quote}: {each.refusal}")
        return [
            Recorded(name, instrument, found.price_decimals, found.qty_decimals)
            for (instrument, name), found in zip(self.plan.instruments, rules, strict=True)
        ]

    def _spool(self, name: str) -> Spool:
        """The locked spool of a data set, with nothing of an earlier run left in it."""
        from ..runtime.market_data.record.apart import recover_apart
        from ..runtime.market_data.record.commit import last_segment
        from ..runtime.market_data.record.spool import opened

        spool = self._stack.enter_context(opened(name, self.plan.root))
        last_segment(name, self.plan.root)  # refuses a data set of another origin before anything is recorded
        found = recover_apart(spool, self.plan.root)
        if found.segments or found.damaged:
            self.recovered[name] = found
            console.err(f"{name}: {_recovered_text(found)}")
        _refuse_damaged({name: found})
        return spool

    def _recording(self, recorded: list[Recorded], spools: list[Spool], client: MexcRest) -> Recording:
        from ..runtime.market_data.record.commit import last_segment
        from ..runtime.market_data.record.frames import FrameRows
        from ..runtime.market_data.record.recorder import Recorder
        from ..runtime.market_data.record.run import Recording
        from ..runtime.market_data.record.writer import Writing

        plan = self.plan
        writings = [
            Writing(what, spool, plan.url, plan.rest, last_segment(what.name, plan.root))
            for what, spool in zip(recorded, spools, strict=True)
        ]
        recorder = Recorder(recorded, FrameRows(recorded), time.time_ns())
        return Recording(recorder, writings, client, plan.levels, plan.root)

    async def _watched(self, recording: Recording) -> None:
        """Record, with a status line on a terminal. Ctrl-C, SIGTERM and SIGHUP end it in good order."""
        from ..cython_core.native import reason
        from ..runtime.market_data.record.source import channels, stream_shell
        from ..runtime.mexc.stream.connection import tls_context
        from ..runtime.mexc.stream.counters import Counters
        from ..runtime.mexc.stream.endpoint import endpoint

        if (why := reason()) is not None:
            console.hint(f"note: {why}; frames are read in Python, at half the speed")
        place = endpoint(self.plan.url, remote=True)
        wanted = channels([writing.what for writing in recording.writings], self.plan.speed)
        tls = tls_context(place, self.plan.certificate)
        shell = stream_shell(place, wanted, recording.on_event, secrets.randbits(62), tls, Counters())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, *ending_signals()):
            loop.add_signal_handler(number, recording.stop)
        with console.live() as show:
            shown = asyncio.create_task(_show(recording, self.plan.seconds, show))
            try:
                await recording.run(shell, self.plan.seconds)
            finally:
                shown.cancel()

    # ---- what is said at the end

    def text(self) -> str:
        """The summary: each data set, and what happened on the way."""
        from ..runtime.market_data.moments import span_text
        from ..runtime.market_data.store.places import table_at
        from ..runtime.market_data.store.sets import read_record
        from ..runtime.market_data.store.table_log import exists
        from .data_text import stored_text

        assert self.recording is not None
        status = self.recording.status()
        lines = []
        for writing in self.recording.writings:
            place = table_at(self.plan.root, writing.what.name)
            lines.append(stored_text(read_record(place)) if exists(place) else f"{writing.what.name}: nothing came")
        head = f"recorded {span_text(int(status.seconds * 1e9))}: {status.frames:,} messages, {status.rows:,} rows"
        lines.append(f"{head}, {status.trades:,} trades, {status.reconnects} reconnects, {status.refused} refused")
        return "\n".join([*lines, *self._gap_lines()])

    def _gap_lines(self) -> list[str]:
        from ..runtime.market_data.moments import count_text, moment_text, span_text

        assert self.recording is not None
        recorder, writings = self.recording.recorder, self.recording.writings
        if not recorder.gaps:
            return ["no holes"]
        lines = [f"{count_text(recorder.counters['gaps'], 'hole')}; the last ones:"]
        for number, gap in list(recorder.gaps)[-5:]:
            lost = f", {gap.missing:,} missing" if gap.missing > 0 else ""
            what = f"{writings[number].what.instrument.symbol} {gap.kind}"
            length = span_text(max(gap.to_ns - gap.from_ns, 1))
            lines.append(f"  {moment_text(gap.from_ns // 10**6 * 10**6)}  {what}: {length} ({gap.why}{lost})")
        return lines

    def json(self) -> dict[str, Any]:
        """The summary for machines."""
        from dataclasses import asdict

        from ..cython_core.native import reason
        from ..runtime.market_data.store.places import table_at
        from ..runtime.market_data.store.sets import read_record
        from ..runtime.market_data.store.table_log import exists

        assert self.recording is not None
        places = [table_at(self.plan.root, writing.what.name) for writing in self.recording.writings]
        return {
            "status": asdict(self.recording.status()),
            "counters": dict(self.recording.recorder.counters),
            "reader": "C" if reason() is None else "Python",
            "link_ends": dict(self.recording.link_ends),
            "books": {
                writing.what.symbol: asdict(join.counts) | {"version": join.version}
                for writing, join in zip(self.recording.writings, self.recording.recorder.joins, strict=True)
            },
            "gaps": [gap.json() | {"instrument": number} for number, gap in self.recording.recorder.gaps],
            "recovered": {name: _recovered_json(one) for name, one in self.recovered.items()},
            "datasets": [read_record(place).json() for place in places if exists(place)],
        }


async def _show(recording: Recording, lasts_s: float | None, show: Callable[[Sequence[console.Row]], None]) -> None:
    """How it goes, twice a second."""
    names = ", ".join(writing.what.instrument.symbol for writing in recording.writings)
    before = said = recording.status()
    while True:
        await asyncio.sleep(STATUS_SECONDS)
        now = recording.status()
        rows = status_rows(before, now, lasts_s)
        show([("recording", names, ""), *rows])
        if not console.stderr().isatty() and is_news(said, now):
            said = now
            line = ", ".join(f"{label} {value}" for label, value, _ in rows)
            console.err(f"{time.strftime('%H:%M:%S', time.gmtime())} UTC {names}: {line}")
        before = now


def is_news(said: Status, now: Status) -> bool:
    """Whether a log should hear of it: something became worse or better, or an hour is over."""
    since = now.seconds - said.seconds
    troubles = [
        (
            s.up, s.gaps, s.reconnects, s.no_book, s.commits_failed, s.silent_s >= 2 * SILENT_SECONDS,
            s.clock_back_s >= 1,
        )
        for s in (said, now)
    ]  # fmt: skip
    return since >= NEWS_SECONDS and (since >= HOUR_SECONDS or troubles[0] != troubles[1])


def status_rows(before: Status, now: Status, lasts_s: float | None) -> list[console.Row]:
    """How long, how fast, how late, what is wrong."""
    from ..runtime.market_data.moments import count_text, span_text

    seconds = max(now.seconds - before.seconds, 1e-3)
    frames, rows = (now.frames - before.frames) / seconds, (now.rows - before.rows) / seconds
    of = "" if lasts_s is None else f" of {span_text(int(lasts_s * 1e9))}"
    holes = f"{count_text(now.gaps, 'hole')}, {count_text(now.reconnects, 'reconnect')}"
    found: list[console.Row] = [
        ("time", f"{span_text(int(now.seconds) * 10**9)}{of}", ""),
        _stream(frames, now),
        ("written", f"{now.bytes_out / 2**20:,.1f} MiB, {rows:,.0f} rows/s", ""),
        ("lost", holes if now.gaps or now.reconnects else "nothing", "warn" if now.gaps else ""),
    ]  # fmt: skip
    if now.clock_back_s >= 1:
        still = span_text(int(now.clock_back_s) * 10**9)
        found.append(("clock", f"set back: receive times stand still for another {still}", "warn"))
    if now.bookless and now.up:
        why = f" ({now.no_book})" if now.no_book else ""
        found.append(("books", f"{count_text(now.bookless, 'book')} without a snapshot yet{why}", "warn"))
    if now.waiting:
        failed = f" (refused {count_text(now.commits_failed, 'time')})" if now.commits_failed else ""
        found.append(("store", f"{count_text(now.waiting, 'segment')} not in it yet{failed}", "warn"))
    return found


def _stream(frames: float, now: Status) -> console.Row:
    from ..runtime.market_data.moments import span_text

    if not now.up:
        return "stream", "NOT CONNECTED", "bad"
    if now.silent_s >= SILENT_SECONDS:
        return "stream", f"connected, but silent for {span_text(int(now.silent_s) * 10**9)}", "warn"
    return "stream", f"{frames:,.0f} messages/s, {_lag(now.lag_ms)}", ""


def _lag(lag_ms: float) -> str:
    """How late data is here; a clock of the exchange that is far ahead is called that."""
    from ..runtime.market_data.moments import span_text

    if lag_ms > -1_000:
        return f"lag {lag_ms:,.0f} ms"
    return f"the exchange's clock is {span_text(int(-lag_ms / 1000) * 10**9)} ahead"
