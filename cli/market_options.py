"""What is assumed of a venue whose books orders meet: `--latency`, `--queue` and `--fill` as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path

from ..runtime.backtest.latency_file import LatencyFileError, read_latencies
from ..runtime.backtest.market.model import QUEUE_MODELS, Latency, MarketModel
from ..runtime.backtest.push_order import PUSH_ORDERS, FeedModel
from .prepared import Prepared, is_market
from .problem import Problem

_UNITS = (("ns", 1), ("us", 10**3), ("ms", 10**6), ("s", 10**9))
_LATENCIES = ("place", "cancel", "response", "feed")
_FILLS = ("refill", "impact", "order", "band")
_LONGEST_NS = 2**50 - 1
_DEFAULT_NS = (10_000_000,)  # one way over the public internet to a venue of the same region
_MODEL, _FEED = MarketModel(Latency(_DEFAULT_NS, _DEFAULT_NS, _DEFAULT_NS)), FeedModel()

#: The queue models of `--bounds`, from the one that fills least to the one that fills most.
BOUNDS = ("risk_averse", "prob_power", "fifo_optimistic")
#: The orders of trades and depth inside one push that `--bounds` compares.
PUSH_BOUNDS = ("trades_first", "depth_first")


@dataclass(frozen=True, slots=True)
class MarketOptions:
    """A model of the venue, how the feed is read, and where measured latencies come from."""

    model: MarketModel = _MODEL
    feed: FeedModel = _FEED
    latency_file: str = ""

    def with_queue(self, name: str) -> MarketOptions:
        return replace(self, model=replace(self.model, queue=name))

    def with_push_order(self, order: str) -> MarketOptions:
        return replace(self, feed=replace(self.feed, order=order))

    def facts(self) -> dict[str, object]:
        """Plain values for the run's manifest; measured latencies by their number and a hash."""
        model, feed = self.model, self.feed
        times = {name: samples_fact(getattr(model.latency, name)) for name in ("place", "cancel", "response")}
        return {
            "latency_ns": {**times, "feed": feed.shift_ns},
            "latency_file": self.latency_file,
            "queue": model.queue,
            "power": model.power if model.queue == "prob_power" else None,
            "refill_half_life_ns": model.refill_half_life_ns,
            "impact": model.impact,
            "band_parts": model.band_parts,
            "push_order": feed.order,
        }


def options_for(prepared: Prepared, asked: Mapping[str, str | bool | None], slippage: int) -> MarketOptions | None:
    """The model of a run on books; None on bars, which have no book to meet. Raises `Problem`."""
    given = [option for option, value in asked.items() if value is not None]
    if not is_market(prepared.compiled):
        if given:
            helps = ("a strategy that reads `book` fields or decides on `book` runs on books",)
            raise Problem(f"`{given[0]}` is about order books, and this strategy reads only bars", helps=helps)
        return None
    if slippage:
        helps = ("orders walk the book; `--fill impact=0.1` makes them pay more than it shows",)
        raise Problem("`--slippage` is about bars, and this strategy runs on books", helps=helps)
    texts = (value if isinstance(value, str) else None for value in list(asked.values())[:3])
    return market_options(*texts)


def market_options(latency: str | None, queue: str | None, fill: str | None) -> MarketOptions:
    """The options' values; what was not given has its default (`docs/market-simulation.md`). Raises `Problem`."""
    options = MarketOptions()
    if latency is not None:
        options = _latency(options, latency)
    if queue is not None:
        options = _queue(options, queue)
    return options if fill is None else _fill(options, fill)


def samples_fact(samples: tuple[int, ...]) -> object:
    """A constant as its value; measured ones as `{count, sha256}`."""
    if len(samples) == 1:
        return samples[0]
    return {"count": len(samples), "sha256": sha256(",".join(map(str, samples)).encode()).hexdigest()}


def options_from_facts(facts: Mapping[str, object]) -> MarketOptions:
    """The options of a past run. Raises `Problem` if its measured latencies are not there any more."""
    times = dict(_mapping(facts["latency_ns"]))
    feed = FeedModel(int(str(times.pop("feed"))), str(facts["push_order"]))
    model = MarketModel(
        queue=str(facts["queue"]),
        power=_MODEL.power if facts["power"] is None else float(str(facts["power"])),
        refill_half_life_ns=int(str(facts["refill_half_life_ns"])),
        impact=float(str(facts["impact"])),
        band_parts=int(str(facts["band_parts"])),
    )
    file = str(facts["latency_file"])
    if not file:
        latency = Latency(**{name: (int(str(ns)),) for name, ns in times.items()})
        return MarketOptions(replace(model, latency=latency), feed)
    found = replace(_measured(MarketOptions(model, feed), file), latency_file=file)
    if found.facts()["latency_ns"] != facts["latency_ns"]:
        raise Problem(f"the latencies in `{file}` are not those of the run", kind="data")
    return found


def _mapping(value: object) -> Mapping[str, object]:
    assert isinstance(value, Mapping)
    return value


# --- latency


def _latency(options: MarketOptions, text: str) -> MarketOptions:
    if "=" not in text:
        return _measured(options, text)
    given = {key: _duration("--latency", text, value) for key, value in _parts("--latency", text, _LATENCIES).items()}
    feed = replace(options.feed, shift_ns=given.pop("feed", 0))
    times = replace(options.model.latency, **{name: (ns,) for name, ns in given.items()})
    return replace(options, model=replace(options.model, latency=times), feed=feed)


def _measured(options: MarketOptions, text: str) -> MarketOptions:
    if not Path(text).is_file():
        helps = ("write place=2ms,cancel=2ms,response=1ms, or name a CSV or npz file of measured latencies",)
        raise Problem(f"`--latency {text}` is neither latencies nor a file", helps=helps)
    try:
        samples = read_latencies(Path(text))
    except LatencyFileError as error:
        raise Problem(str(error), kind="data", where=text, helps=error.helps) from None
    place = samples.get("place", _DEFAULT_NS)
    times = Latency(place, samples.get("cancel", place), samples.get("response", _DEFAULT_NS))
    return replace(options, model=replace(options.model, latency=times), latency_file=text)


# --- queue


def _queue(options: MarketOptions, text: str) -> MarketOptions:
    name, colon, power = text.partition(":")
    if name not in QUEUE_MODELS:
        near = get_close_matches(name, QUEUE_MODELS, n=1)
        known = f"there are: {', '.join(QUEUE_MODELS)}"
        raise Problem(
            f"there is no queue model `{name}`", helps=(f"did you mean `{near[0]}`?", known) if near else (known,)
        )
    model = replace(options.model, queue=name)
    if not colon:
        return replace(options, model=model)
    if name != "prob_power":
        raise Problem(f"`{name}` takes no number", helps=(f"write `--queue {name}`, or `--queue prob_power:2`",))
    exponent = _number("--queue", text, power)
    if not 0 < exponent <= 100:
        raise _bad("--queue", text, "the exponent is above 0 and at most 100, such as prob_power:2")
    return replace(options, model=replace(model, power=float(exponent)))


# --- fill


def _fill(options: MarketOptions, text: str) -> MarketOptions:
    given, model = _parts("--fill", text, _FILLS), options.model
    if "refill" in given:
        model = replace(model, refill_half_life_ns=_duration("--fill", text, given["refill"]))
    if "impact" in given:
        impact = _number("--fill", text, given["impact"])
        if not 0 <= impact < 10**9:
            raise _bad("--fill", text, "the impact is ticks per square root of a lot, such as impact=0.1")
        model = replace(model, impact=float(impact))
    if "band" in given:
        model = replace(model, band_parts=int(_share(text, given["band"]) * 10**8))
    order = given.get("order", options.feed.order)
    if order not in PUSH_ORDERS:
        raise _bad("--fill", text, f"the order inside one push is one of {', '.join(PUSH_ORDERS)}")
    return replace(options, model=model, feed=replace(options.feed, order=order))


def _share(text: str, value: str) -> Decimal:
    percent = value.endswith("%")
    share = _number("--fill", text, value.removesuffix("%")) / (100 if percent else 1)
    if not 0 <= share <= 1:  # `band=5` was meant as 5 %
        raise _bad("--fill", text, "the band is a share of the mid price, such as band=5%")
    return share


# --- parts


def _parts(option: str, text: str, known: tuple[str, ...]) -> Mapping[str, str]:
    """`a=1,b=2` by name."""
    found: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or name not in known or name in found or not value:
            raise _bad(option, text, f"write NAME=VALUE parts with commas; the names are {', '.join(known)}")
        found[name] = value
    return found


def _duration(option: str, text: str, value: str) -> int:
    for unit, size in _UNITS:
        number = value.removesuffix(unit)
        if number != value and number[-1:].isdigit():
            whole = _number(option, text, number) * size
            if 0 <= whole <= _LONGEST_NS:
                return int(whole)
    if value == "0":
        return 0
    raise _bad(option, text, "a time is a number with ns, us, ms or s, such as 2ms")


def _number(option: str, text: str, value: str) -> Decimal:
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise _bad(option, text, f"`{value}` is not a number")
    return number


def _bad(option: str, text: str, help_: str) -> Problem:
    return Problem(f"`{option} {text}` cannot be used", helps=(help_,))
