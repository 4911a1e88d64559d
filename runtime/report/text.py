"""Numbers and words of a page."""

from __future__ import annotations

from ...cython_core.layout import ATOM_DECIMALS

#: What each reason of a decision means.
MEANINGS = {
    "not_armed": "still warming up",
    "no_entry": "flat, and no entry rule held",
    "no_exit": "in a position, and no exit rule held",
    "in_flight": "an order was on its way",
    "cooling_down": "an entry held, but its cooldown had not passed",
    "entered": "entered",
    "exited": "exited",
    "added": "added to the position",
    "below_minimum": "the size was below the venue's minimum",
    "no_funds": "the free cash did not pay the size",
    "position_limit": "risk: position limit",
    "day_loss": "risk: flattened after the day's loss",
    "halted": "risk: halted for the day",
    "losing_streak": "risk: pausing after losing trades in a row",
    "drawdown": "risk: drawdown limit",
    "profit_lock": "risk: the day's profit fell to what is locked",
    "order_rate": "risk: too many orders in the time",
    "band": "risk: the price was too far from its reference",
    "stale": "risk: an input was too old",
    "invariant": "risk: an invariant would not hold",
    "max_open": "risk: as many positions open as may be",
    "order_notional": "risk: the largest order is below the venue's minimum",
}
MINUS = "\N{MINUS SIGN}"
NONE = "\N{EN DASH}"


def signed(text: str) -> str:
    """With a real minus sign."""
    return text.replace("-", MINUS, 1) if text.startswith("-") else text


def money(atoms: int | None, places: int = 2, plus: bool = False) -> str:
    """`1,234.57`, to the nearest, halves away from zero."""
    if atoms is None:
        return NONE
    unit = 10 ** (ATOM_DECIMALS - places)
    units = (abs(atoms) + unit // 2) // unit
    body = f"{units // 10**places:,}" + (f".{units % 10**places:0{places}}" if places else "")
    if not units:
        return body
    return (MINUS if atoms < 0 else "+" if plus else "") + body


def percent(ratio: float | None, places: int = 2, plus: bool = False) -> str:
    if ratio is None:
        return NONE
    value = round(100 * ratio, places) + 0.0
    return signed(f"{value:{'+' if plus and value > 0 else ''},.{places}f}") + "\N{NARROW NO-BREAK SPACE}%"


def number(value: float | None, places: int = 2) -> str:
    return NONE if value is None else signed(f"{round(value, places) + 0.0:,.{places}f}")


def span(ns: int | None) -> str:
    """The two greatest units: `3d 4h`, `12m`, `250ms`."""
    if ns is None:
        return NONE
    if ns < 10**9:
        return f"{ns / 1e6:.3g}ms"
    parts, rest = [], round(ns / 10**9)
    for unit, seconds in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, seconds)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2])


def plural(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
