"""Which data set feeds which stream of a strategy, and what to say when none does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import RuntimeFault, fault
from .bars import Dataset
from .instruments import Instrument, may_stand_for, parse_instrument
from .moments import period_text


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
    need: StreamNeed
    dataset: Dataset


def match_streams(datasets: Sequence[Dataset], needs: Sequence[StreamNeed]) -> tuple[list[Match], list[str]]:
    """A data set for each need, and the assumptions that makes. FC1010 names everything that is missing at once."""
    assert needs, "a tape without streams"
    if not datasets:
        raise fault("FC1011", "no data was given", "--data", helps=("`flashc data list` shows what there is",))
    found = [(need, _feed(datasets, need)) for need in needs]
    missing = [need for need, data in found if data is None]
    if missing:
        raise _missing(datasets, missing)
    matches = [Match(need, data) for need, data in found if data is not None]
    return matches, _assumptions(matches)


def _feed(datasets: Sequence[Dataset], need: StreamNeed) -> Dataset | None:
    """The finest data set that can stand for the need's instrument; an exact symbol goes first."""
    if need.kind != "bar":
        return None
    wanted = _instrument(need)
    fitting = [d for d in datasets if may_stand_for(d.instrument, wanted) and need.period_ns % d.period_ns == 0]
    exact = [d for d in fitting if d.instrument == wanted]
    candidates = sorted(exact or fitting, key=lambda d: d.period_ns)
    if len(candidates) > 1 and candidates[0].period_ns == candidates[1].period_ns:
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


def _missing(datasets: Sequence[Dataset], missing: list[StreamNeed]) -> RuntimeFault:
    names = ", ".join(d.name for d in datasets)
    held = tuple(f"{d.name} holds {period_text(d.period_ns)} bars of {d.instrument.symbol}" for d in datasets)
    if all(_is_foreign(datasets, need) for need in missing):
        return _foreign(datasets, missing, names, held)
    streams = tuple(need.text for need in missing)
    message = f"the strategy needs {_listed(streams)}, which the data does not hold"
    reasons = tuple(reason for need in missing if (reason := _reason(datasets, need)))
    helps = tuple(dict.fromkeys(_command(need) for need in missing))
    return fault("FC1010", message, names, notes=held + reasons, helps=helps, missing=streams)


def _is_foreign(datasets: Sequence[Dataset], need: StreamNeed) -> bool:
    return need.kind == "bar" and not any(may_stand_for(d.instrument, _instrument(need)) for d in datasets)


def _foreign(datasets: Sequence[Dataset], missing: list[StreamNeed], names: str, held: tuple[str, ...]) -> RuntimeFault:
    symbols = _listed(tuple(dict.fromkeys(need.symbol for need in missing)))
    note = "data of another instrument is used only if the base is the same and both quotes are dollars"
    helps = tuple(dict.fromkeys(_command(need) for need in missing))
    return fault("FC1014", f"the strategy needs data of {symbols}", names, notes=(*held, note), helps=helps)


def _reason(datasets: Sequence[Dataset], need: StreamNeed) -> str:
    if need.kind != "bar":
        return f"this version reads bars only, and {need.kind} updates cannot be made from bars"
    finer = [d for d in datasets if may_stand_for(d.instrument, _instrument(need))]
    if not finer:
        return ""
    return (
        f"{need.text} cannot be made from {period_text(finer[0].period_ns)} bars: longer bars are sums of shorter ones"
    )


def _command(need: StreamNeed) -> str:
    if need.kind != "bar":
        return "use bar fields (`close`, `volume`, ...) instead of book or trade fields"
    period = period_text(need.period_ns)
    return (
        f"`flashc data import FILE --instrument {need.symbol}` with {period} bars or finer, or "
        f"`flashc data synth --instrument {need.symbol} --period {period}`"
    )


def _listed(items: tuple[str, ...]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
