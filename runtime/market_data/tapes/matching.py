"""Which data set feeds which stream of a strategy, and what to say when none does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from ...errors import RuntimeFault, fault
from ..bars import Dataset
from ..events import AnySet, EventSet
from ..instruments import Instrument, may_stand_for, parse_instrument
from ..moments import period_text


@dataclass(frozen=True, slots=True)
class StreamNeed:
    """A stream a strategy reads: `kind` (bar, book, trade), symbol, bar period (0 for others) and the venue's grid."""

    kind: str
    symbol: str
    period_ns: int
    price_decimals: int
    qty_decimals: int

    @property
    def text(self) -> str:
        if self.kind == "bar":
            return f"{period_text(self.period_ns)} bars of {self.symbol}"
        return f"{self.kind} updates of {self.symbol}"


@dataclass(frozen=True, slots=True)
class Match:
    """`dataset` feeds the need; of bars that are built from trades `history` holds those before the first trade."""

    need: StreamNeed
    dataset: AnySet
    history: Dataset | None = None


def match_streams(datasets: Sequence[AnySet], needs: Sequence[StreamNeed]) -> tuple[list[Match], list[str]]:
    """A data set for each need, and the assumptions that makes. FC1010 names everything that is missing at once."""
    assert needs, "a tape without streams"
    if not datasets:
        raise fault("FC1011", "no data was given", "--data", helps=("`flashc data list` shows what there is",))
    market = any(need.kind != "bar" for need in needs)
    found = [(need, _feed(datasets, need, market)) for need in needs]
    missing = [need for need, match in found if match is None]
    if missing:
        raise _missing(datasets, missing)
    matches = [match for _, match in found if match is not None]
    return matches, _assumptions(matches)


def _feed(datasets: Sequence[AnySet], need: StreamNeed, market: bool) -> Match | None:
    """What can stand for the need; an exact symbol goes first.

    Bars come from trades where the strategy reads books or trades and there are some, else from the finest bars.
    """
    wanted = _instrument(need)
    if need.kind != "bar":
        data = _only(_with(datasets, wanted, need.kind), need)
        return Match(need, data) if data is not None else None
    bars = _finest_bars(datasets, need, wanted)
    trades = None if bars is not None and not market else _only(_with(datasets, wanted, "trade"), need)
    if trades is not None:
        return Match(need, trades, bars)
    return Match(need, bars) if bars is not None else None


def _finest_bars(datasets: Sequence[AnySet], need: StreamNeed, wanted: Instrument) -> Dataset | None:
    sets = [d for d in datasets if isinstance(d, Dataset)]
    fitting = [d for d in sets if may_stand_for(d.instrument, wanted) and need.period_ns % d.period_ns == 0]
    exact = [d for d in fitting if d.instrument == wanted]
    candidates = sorted(exact or fitting, key=lambda d: d.period_ns)
    return _only([d for d in candidates if d.period_ns == candidates[0].period_ns], need)


def _with(datasets: Sequence[AnySet], wanted: Instrument, kind: str) -> list[EventSet]:
    """The data sets that hold books or trades of the instrument."""
    sets = [d for d in datasets if isinstance(d, EventSet) and may_stand_for(d.instrument, wanted)]
    sets = [d for d in sets if (d.book if kind == "book" else d.trades) is not None]
    return [d for d in sets if d.instrument == wanted] or sets


_Set = TypeVar("_Set", Dataset, EventSet)


def _only(candidates: Sequence[_Set], need: StreamNeed) -> _Set | None:
    if len(candidates) > 1:
        names = f"{candidates[0].name} and {candidates[1].name}"
        raise fault("FC1011", f"two data sets could feed {need.text}", names, helps=("give only one of them",))
    return candidates[0] if candidates else None


def _instrument(need: StreamNeed) -> Instrument:
    wanted = parse_instrument(need.symbol)
    assert wanted is not None, f"{need.symbol} was checked by the compiler"
    return wanted


def _assumptions(matches: list[Match]) -> list[str]:
    texts = []
    for match in matches:
        data = match.dataset.instrument.symbol
        if data != match.need.symbol:
            texts.append(f"{data} prices stand for {match.need.symbol}: same base asset, another dollar as quote")
    return list(dict.fromkeys(texts))


def _held(data: AnySet) -> str:
    if isinstance(data, Dataset):
        return f"{data.name} holds {period_text(data.period_ns)} bars of {data.instrument.symbol}"
    kinds = " and ".join("a book" if kind == "book" else kind for kind in data.parts())
    return f"{data.name} holds {kinds} of {data.instrument.symbol}"


def _missing(datasets: Sequence[AnySet], missing: list[StreamNeed]) -> RuntimeFault:
    names = ", ".join(d.name for d in datasets)
    held = tuple(_held(d) for d in datasets)
    if all(_is_foreign(datasets, need) for need in missing):
        return _foreign(missing, names, held)
    streams = tuple(need.text for need in missing)
    message = f"the strategy needs {_listed(streams)}, which the data does not hold"
    reasons = tuple(dict.fromkeys(reason for need in missing if (reason := _reason(datasets, need))))
    helps = tuple(dict.fromkeys(_command(need) for need in missing))
    return fault("FC1010", message, names, notes=held + reasons, helps=helps, missing=streams)


def _is_foreign(datasets: Sequence[AnySet], need: StreamNeed) -> bool:
    return not any(may_stand_for(d.instrument, _instrument(need)) for d in datasets)


def _foreign(missing: list[StreamNeed], names: str, held: tuple[str, ...]) -> RuntimeFault:
    symbols = _listed(tuple(dict.fromkeys(need.symbol for need in missing)))
    note = "data of another instrument is used only if the base is the same and both quotes are dollars"
    helps = tuple(dict.fromkeys(_command(need) for need in missing))
    return fault("FC1014", f"the strategy needs data of {symbols}", names, notes=(*held, note), helps=helps)


def _reason(datasets: Sequence[AnySet], need: StreamNeed) -> str:
    if need.kind != "bar":
        return f"{need.kind} updates cannot be made from bars" if isinstance(datasets[0], Dataset) else ""
    wanted = _instrument(need)
    bars = [d for d in datasets if isinstance(d, Dataset) and may_stand_for(d.instrument, wanted)]
    if bars:
        period = period_text(bars[0].period_ns)
        return f"{need.text} cannot be made from {period} bars: longer bars are sums of shorter ones"
    if any(may_stand_for(d.instrument, wanted) for d in datasets):
        return "bars are built from trades or read; a book alone gives none"
    return ""


def _command(need: StreamNeed) -> str:
    if need.kind != "bar":
        what = "a book" if need.kind == "book" else "trades"
        return (
            f"`flashc data import FILE --instrument {need.symbol}` with a file of {what}, or "
            f"`flashc data synth --kind book --instrument {need.symbol}`"
        )
    period = period_text(need.period_ns)
    return (
        f"`flashc data import FILE --instrument {need.symbol}` with {period} bars or finer, or "
        f"`flashc data synth --instrument {need.symbol} --period {period}`"
    )


def _listed(items: tuple[str, ...]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
