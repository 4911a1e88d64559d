"""`flashc data synth`: bars, or a book with trades, from a seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import console
from .command import Json
from .data_options import Instrument, Name, Period, Replace, Root, check_words, refuse_existing
from .problem import Problem

if TYPE_CHECKING:
    from ..runtime.market_data.store.records import AnyRecord
    from ..runtime.market_data.synth.bars import SynthParameters
    from ..runtime.market_data.synth.book import BookParameters

KINDS = ("bars", "book")


def _number(flag: str, text: str) -> Any:
    return typer.Option(flag, help=text, show_default=False)


def synth(
    name: Name = None,
    kind: Annotated[str, typer.Option("--kind", help="bars, or book: a book with its trades.")] = "bars",
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same data.")] = 1,
    instrument: Instrument = "BTC/USDC",
    start: Annotated[str, typer.Option("--start", metavar="TIME", help="Where it begins, UTC.")] = "2024-01-01",
    price: Annotated[float | None, typer.Option("--price", help="First price; default by the instrument.")] = None,
    volatility: Annotated[
        float | None, _number("--volatility", "Typical move of a bar (0.0004), or of a book in a second (0.00005).")
    ] = None,
    bars: Annotated[int | None, _number("--bars", "Bars: how many. Default 525600.")] = None,
    period: Period = None,
    regime: Annotated[str | None, _number("--regime", "Bars: trend, range, walk or mixed. Default mixed.")] = None,
    jumps: Annotated[float | None, _number("--jumps", "Bars: share with a jump. Default 0.0002.")] = None,
    gaps: Annotated[float | None, _number("--gaps", "Bars: share that is missing. Default 0.")] = None,
    outages: Annotated[float | None, _number("--outages", "Bars: share where an outage begins. Default 0.")] = None,
    still: Annotated[float | None, _number("--still", "Bars: share without trades. Default 0.001.")] = None,
    duration: Annotated[
        str | None,
        typer.Option("--duration", metavar="PERIOD", help="Book: how long. Default 10m."),
    ] = None,
    events: Annotated[float | None, _number("--events", "Book: orders and cancels a second. Default 100.")] = None,
    push: Annotated[int | None, _number("--push", "Book: ms between messages, 0: each event. Default 100.")] = None,
    levels: Annotated[int | None, _number("--levels", "Book: levels a side. Default 50.")] = None,
    latency: Annotated[float | None, _number("--latency", "Book: ms from venue to recorder. Default 4.")] = None,
    jitter: Annotated[float | None, _number("--jitter", "Book: ms that the latency varies by. Default 2.")] = None,
    correlation: Annotated[
        float | None, _number("--correlation", "With BTC, or with the market of the seed. Default 0.7.")
    ] = None,
    defect: Annotated[
        list[str] | None, typer.Option("--defect", metavar="RULE", help="Book: put in a fault that RULE handles.")
    ] = None,
    replace: Replace = False,
    root: Root = None,
    json: Json = False,
) -> None:
    """Generate data from a seed: bars, or a book with trades. The same bits on every machine.

    Bars: trends, ranges, jumps, gaps, outages. A book: limit orders, market orders and cancels at random around a
    fair price. Instruments of one seed move together, and each in its own way.
    """
    check_words(instrument, period)
    common = {
        "seed": seed,
        "instrument": instrument,
        "start_ns": _moment(start),
        "volatility": volatility,
        "correlation": correlation,
    }
    of_bars = {
        "bars": bars, "period_ns": _period(period), "regime": regime, "jump_rate": jumps, "missing_rate": gaps,
        "outage_rate": outages, "still_rate": still,
    }  # fmt: skip
    of_book = {
        "duration_s": _seconds(duration), "events_per_s": events, "push_ms": push, "levels": levels,
        "latency_ms": latency, "jitter_ms": jitter,
        "defects": tuple(defect) if defect else None,
    }  # fmt: skip
    _refuse_mixed(kind, of_bars, of_book)
    make = _bars if kind == "bars" else _book
    record, text = make(_given(common | (of_bars if kind == "bars" else of_book)), price, name, root, replace)
    if json:
        console.out_json({"version": 1, "datasets": [record.json() | {"path": str(record.path)}]})
    else:
        console.out(text)


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _moment(text: str) -> int:
    from ..runtime.market_data.moments import parse_moment

    found = parse_moment(text)
    if found is None:
        raise Problem(f"`{text}` is not a time", helps=("write 2024-01-01 or 2024-01-01T12:00",))
    return found


def _period(text: str | None) -> int | None:
    from ..runtime.market_data.moments import parse_period

    return None if text is None else parse_period(text)


def _seconds(text: str | None) -> int | None:
    found = _period(text)
    if text is not None and found is None:
        raise Problem(f"`{text}` is not a length of time", helps=("write 30s, 10m, 2h or 1d",))
    return None if found is None else found // 10**9


_OPTIONS = {
    "period_ns": "--period", "jump_rate": "--jumps", "missing_rate": "--gaps", "outage_rate": "--outages",
    "still_rate": "--still", "duration_s": "--duration", "events_per_s": "--events", "push_ms": "--push",
    "latency_ms": "--latency", "jitter_ms": "--jitter", "defects": "--defect",
}  # fmt: skip


def _refuse_mixed(kind: str, of_bars: Mapping[str, Any], of_book: Mapping[str, Any]) -> None:
    if kind not in KINDS:
        raise Problem(f"`--kind {kind}` is neither `bars` nor `book`", helps=("`--kind book` also makes its trades",))
    other = _given(of_book if kind == "bars" else of_bars)
    if other:
        option = _OPTIONS.get(next(iter(other)), f"--{next(iter(other))}")
        wanted = "book" if kind == "bars" else "bars"
        raise Problem(f"`{option}` is for a {wanted}" if wanted == "book" else f"`{option}` is for bars",
                      helps=(f"add `--kind {wanted}`, or leave `{option}` out",))  # fmt: skip


def _bars(
    given: dict[str, Any], price: float | None, name: str | None, root: str | None, replaces: bool
) -> tuple[AnyRecord, str]:
    from ..runtime.market_data.store.sets import save
    from ..runtime.market_data.synth.bars import SynthParameters, for_instrument, generate
    from .data_text import stored_text

    parameters = for_instrument(SynthParameters(**given), price)
    _refuse_parameters(parameters, "bars")
    label = name or f"{parameters.instrument.replace('/', '-').lower()}_synth_seed{parameters.seed}"
    refuse_existing(label, root, replaces)
    with console.progress("generating", parameters.bars) as ticker:
        found = generate(parameters, label, ticker)
    record = save(found, root, replaces)
    return record, stored_text(record)


def _book(
    given: dict[str, Any], price: float | None, name: str | None, root: str | None, replaces: bool
) -> tuple[AnyRecord, str]:
    from ..runtime.market_data.store.sets import save
    from ..runtime.market_data.synth.book import BookParameters, book_for_instrument, generate_book
    from .data_text import stored_text

    parameters = book_for_instrument(BookParameters(), price)
    if given["instrument"] != parameters.instrument:
        parameters = book_for_instrument(replace(BookParameters(), instrument=given["instrument"]), price)
    parameters = replace(parameters, **given)
    _refuse_parameters(parameters, "book")
    label = name or f"{parameters.instrument.replace('/', '-').lower()}_book_seed{parameters.seed}"
    refuse_existing(label, root, replaces)
    with console.progress("generating", int(parameters.duration_s * parameters.events_per_s)) as ticker:
        found = generate_book(parameters, label, ticker)
    record = save(found, root, replaces)
    return record, stored_text(record)


def _refuse_parameters(parameters: SynthParameters | BookParameters, what: str) -> None:
    problems = parameters.problems()
    if problems:
        raise Problem(f"these parameters give no {what}", notes=tuple(problems))
