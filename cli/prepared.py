"""A strategy file made ready to run: read, checked, compiled, with the parameters of this run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..compiler.artifact import manifest, rule_names, write_artifact
from ..compiler.pipeline import Compiled, compile_checked
from ..dsl.source import Source
from ..runtime.cache_root import cache_root
from .front import Front, read_front
from .settings import parameter_texts, parameter_values, values_with

if TYPE_CHECKING:
    from ..compiler.ir.hir import Checked
    from ..compiler.venues.profile import InstrumentProfile


@dataclass(frozen=True, slots=True)
class Prepared:
    """A compiled strategy with the parameters it will run with. `artifact` is its folder."""

    source: Source
    compiled: Compiled
    facts: Mapping[str, object]  # the artefact's manifest
    artifact: Path
    params: Mapping[str, int | float]
    shown_params: Mapping[str, str]  # as the file or `--set` spells them
    rules: Sequence[str]


def prepare(path: Path, settings: Sequence[str], data: Sequence[str] = ()) -> Prepared:
    """Read, check and compile a file. Raises `FlashcError` for what is wrong with it.

    With `data`, streams that the data lacks are named first (`RuntimeFault`): that is what the user can mend.
    """
    return prepared_of(read_front(path), settings, data)


def prepared_of(
    front: Front, settings: Sequence[str], data: Sequence[str] = (), compiled: Compiled | None = None
) -> Prepared:
    """`prepare` for a file that is read, and perhaps compiled before: other parameters change nothing about that."""
    front.diagnostics.raise_errors()
    assert front.source is not None and front.document is not None and front.checked is not None
    if data:
        _require_streams(front.checked, data)
    compiled = compiled or compile_checked(front.checked)
    params = values_with(front.document, settings) if settings else parameter_values(front.checked)
    shown = parameter_texts(front.document, settings)
    folder = write_artifact(compiled, cache_root())
    return Prepared(front.source, compiled, manifest(compiled), folder, params, shown, rule_names(compiled))


def _require_streams(checked: Checked, data: Sequence[str]) -> None:
    """FC1010 for books and trades that the strategy reads and the data does not hold."""
    if all(s.clock.kind in ("bar", "timer") for s in checked.streams):
        return  # bars are matched when the tape is built
    from ..compiler.venues.profile import profile
    from ..runtime.market_data.store.catalog import expand, outline
    from ..runtime.market_data.tapes.matching import StreamNeed, match_streams

    needs = []
    for stream in (s for s in checked.streams if s.clock.kind != "timer" and not s.optional):
        facts = profile(checked.document.venue.value).instruments[stream.symbol]
        clock = stream.clock
        needs.append(StreamNeed(clock.kind, stream.symbol, clock.period_ns, facts.price_decimals, facts.qty_decimals))
    match_streams([outline(name) for name in expand(data)], needs)


def is_market(compiled: Compiled) -> bool:
    """Whether orders meet books: so they do as soon as the strategy reads one."""
    return any(s.kind == "book" for s in compiled.program.streams)


def traded_facts(compiled: Compiled) -> list[InstrumentProfile]:
    """What the venue pins of each traded instrument, by instance."""
    from ..compiler.venues.profile import profile

    document = compiled.checked.document
    symbols = {i.alias.value: i.symbol.value for i in document.instruments}
    instruments = profile(document.venue.value).instruments
    return [instruments[symbols[alias]] for alias in compiled.checked.traded]
