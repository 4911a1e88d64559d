"""`flashc data fetch`: bars and trades of the exchange, by range."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import console
from .command import Json
from .data_options import Name, Root
from .problem import Problem
from .waiting import asking, told

if TYPE_CHECKING:
    from ..runtime.market_data.fetch.jobs import Job
    from ..runtime.market_data.fetch.run import Fetcher
    from ..runtime.market_data.fetch.sink import StoreSink
    from ..runtime.market_data.instruments import Instrument
    from ..runtime.mexc.rest.client import MexcRest

REST_URL = "https://api.mexc.com"

Instruments = Annotated[
    list[str], typer.Argument(metavar="BASE/QUOTE...", help="Instruments, such as BTC/USDC.", show_default=False)
]
Certificate = Annotated[
    Path | None,
    typer.Option("--certificate", metavar="FILE", help="The one certificate to trust, for a local exchange."),
]


def fetch(
    instruments: Instruments,
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", help="1m 5m 15m 30m 1h 4h 1d, or trades. May be repeated. Default 1m."),
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="UTC. Default: where the data set begins.")
    ] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="TIME", help="UTC, excluded. Default: now.")] = None,
    name: Name = None,
    url: Annotated[str, typer.Option("--url", help="The exchange's REST address.")] = REST_URL,
    certificate: Certificate = None,
    root: Root = None,
    json: Json = False,
) -> None:
    """Fetch bars (MEXC klines) or trades (aggTrades) of a range, and verify them.

    What is there already is not asked for again: run the same command to go on after an interruption, or later to bring
    the data set up to date. Bars that are not over yet are left out. Trades come by whole days.
    """
    request = _request(instruments, kind or ["1m"], from_, to, name)
    run = _Run(request, url, certificate, root)
    try:
        asyncio.run(run.all())
    except KeyboardInterrupt:
        console.err(f"stopped; {run.added:,} new rows are stored, and the same command goes on from there")
        raise
    if json:
        console.out_json({"version": 1, "datasets": [report.json for report in run.reports]})
    else:
        console.out("\n".join(report.text for report in run.reports))


@dataclass(frozen=True, slots=True)
class _Request:
    """What the command line asks for. Times are ns, None where not given."""

    wanted: list[tuple[Instrument, int, str]]
    from_ns: int | None
    to_ns: int | None


def _request(instruments: list[str], kinds: list[str], from_: str | None, to: str | None, name: str | None) -> _Request:
    from ..runtime.market_data.fetch.jobs import default_name

    wanted = []
    for instrument in (parsed_instrument(text) for text in dict.fromkeys(instruments)):
        for kind in dict.fromkeys(kinds):
            period, words = _period(kind)
            wanted.append((instrument, period, default_name(instrument, words) if name is None else name))
    if name is not None and len(wanted) > 1:
        raise Problem("--name names one data set, but several are asked for", helps=("leave --name out",))
    start, stop = _moment(from_, "--from"), _moment(to, "--to")
    if start is not None and stop is not None and start >= stop:
        raise Problem("--from lies not before --to", helps=("--to is excluded: give a later one",))
    return _Request(wanted, start, stop)


def parsed_instrument(text: str) -> Instrument:
    """BASE/QUOTE, or `Problem`."""
    from ..runtime.market_data.instruments import parse_instrument

    found = parse_instrument(text)
    if found is None:
        raise Problem(f"`{text}` is not an instrument", helps=("write BASE/QUOTE, such as BTC/USDC",))
    return found


def _period(kind: str) -> tuple[int, str]:
    """Length of a bar and how we write it; 0 for trades."""
    from ..runtime.market_data.fetch.jobs import TRADES, period_of
    from ..runtime.market_data.moments import period_text

    period = period_of(kind)
    if period is None:
        raise _no_kind(kind)
    return period, period_text(period) if period else TRADES


def _no_kind(kind: str) -> Problem:
    from ..runtime.market_data.fetch.jobs import INTERVALS, TOO_LONG, TRADES, base_of
    from ..runtime.market_data.moments import period_text

    if unit := TOO_LONG.get(kind):
        total = f"`--kind 1d` fetches days; `flashc data sql` with `date_trunc('{unit}', time)` makes {unit}s of them"
        return Problem(f"bars of a {unit} cannot be stored: bars begin at midnight and divide a day", helps=(total,))
    known = f"one of {', '.join([*(period_text(ns) for ns in INTERVALS), TRADES])}"
    base = base_of(kind)
    made = (f"a strategy that reads {kind} bars makes them of `--kind {base}`",) if base else ()
    return Problem(f"`{kind}` is not a kind of history", helps=(known, *made))


def _moment(text: str | None, option: str) -> int | None:
    from ..runtime.market_data.moments import parse_moment

    if text is None:
        return None
    found = parse_moment(text)
    if found is None or found < 0:
        raise Problem(f"{option} `{text}` is not a time", helps=("write 2026-01-31 or 2026-01-31T10:00, in UTC",))
    return found


@dataclass(frozen=True, slots=True)
class _Report:
    text: str
    json: dict[str, Any]


@dataclass(slots=True)
class _Run:
    """One call of the command."""

    request: _Request
    url: str
    certificate: Path | None
    root: Path | str | None
    added: int = 0
    reports: list[_Report] = field(default_factory=list)

    async def all(self) -> None:
        """Every data set that was asked for, one after the other."""
        from ..runtime.market_data.fetch.symbols import find_symbols

        rest = self._client()
        fetcher = self._fetcher(rest)
        try:
            instruments = list(dict.fromkeys(instrument for instrument, _, _ in self.request.wanted))
            with asking(self.url):
                server_ns = await fetcher.answer(rest.time) * 1_000_000
                listed = await find_symbols(rest, fetcher.answer, instruments, self.url)
            for rules in listed:
                if rules.refusal:
                    console.err(
                        f"note: {rules.base}/{rules.quote}: {rules.refusal}; its history is fetched all the same"
                    )
            for instrument, period, name in self.request.wanted:
                await self._one(fetcher, self._job(instrument, period, name, server_ns), server_ns)
        finally:
            await rest.close()

    def _client(self) -> MexcRest:
        from ..runtime.market_data.fetch.client import reading_client

        return reading_client(self.url, self.certificate)

    def _fetcher(self, rest: MexcRest) -> Fetcher:
        import secrets

        from ..runtime.market_data.fetch.patience import Patience
        from ..runtime.market_data.fetch.run import Fetcher, Watch

        return Fetcher(rest, rest.clock, Patience(secrets.SystemRandom().random), self.url, Watch(told))

    def _job(self, instrument: Instrument, period: int, name: str, server_ns: int) -> Job:
        from ..runtime.market_data.fetch.jobs import Job
        from ..runtime.market_data.moments import moment_text

        start, stop = self.request.from_ns, self.request.to_ns
        if start is not None and start >= server_ns:
            raise Problem("--from lies in the future", helps=(f"the exchange has {moment_text(server_ns)} UTC",))
        job = Job(name, instrument, period, start or 0, server_ns if stop is None else stop)
        if start is None:
            job = _from_where_it_begins(job, self.root)
        return job.on_grid(server_ns)

    async def _one(self, fetcher: Fetcher, job: Job, server_ns: int) -> None:
        from ..runtime.market_data.fetch.sink import StoreSink

        sink = StoreSink(job, self.root, fetcher.now_ns())
        before, step = self.added, job.period_ns or 60_000_000_000
        todo = sink.missing.length
        try:
            with console.progress(f"{job.name}, {'bars' if job.period_ns else 'minutes'}", todo // step) as tick:
                done = 0

                def advance(done_ns: int) -> None:
                    nonlocal done
                    done += done_ns
                    self.added = before + sink.added_rows
                    tick(done // step)

                await fetcher.run(job, sink, server_ns, advance)
        finally:
            self.added = before + sink.added_rows
        self.reports.append(_report(job, sink, todo))


def _from_where_it_begins(job: Job, root: Path | str | None) -> Job:
    from dataclasses import replace

    from ..runtime.market_data.fetch.sink import StoreSink

    covered = StoreSink(job, root, 0).progress.covered
    if not covered:
        raise Problem(f"`{job.name}` is not there yet: say from when", helps=("--from 2026-01-01",))
    return replace(job, from_ns=covered.parts[0][0])


def _report(job: Job, sink: StoreSink, todo_ns: int) -> _Report:
    from ..runtime.errors import fault
    from ..runtime.market_data.moments import count_text, moment_text
    from .data_text import stored_text

    progress, record = sink.progress, sink.record
    if record is None:
        asked = f"{moment_text(job.from_ns)} to {moment_text(job.to_ns)} UTC"
        raise fault("FC1012", f"the exchange has no {job.kind} of {job.instrument.symbol} in this range", asked)
    new = f"{count_text(sink.added_rows, 'row')}{' (all of it was there)' * (not todo_ns)}"
    lines = [stored_text(record), f"  new        {new}"]
    if progress.missing_bars:
        first = progress.missing.parts[0]
        lines.append(f"  no bar     {progress.missing_bars:,}, the exchange has none; first {moment_text(first[0])}")
    if progress.truncated_seconds:
        when = ", ".join(moment_text(second) for second in progress.truncated[:3])
        lines.append(
            f"  truncated  {progress.truncated_seconds:,} seconds have more trades than the exchange gives: {when}"
        )
    facts = {
        "added_rows": sink.added_rows, "missing_bars": progress.missing_bars,
        "truncated_seconds": progress.truncated_seconds, "covered": progress.covered.json(),
    }  # fmt: skip
    return _Report("\n".join(lines), record.json() | facts)
