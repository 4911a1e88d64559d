"""Arguments as Python spells them, to the texts that the command line takes. So both mean the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from difflib import get_close_matches
from os import PathLike, fspath
from typing import Any

from ...runtime.market_data.moments import parse_moment
from .errors import FlashcError, usage

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def settings(strategy: str, values: Mapping[str, Any], known: Sequence[str], options: Sequence[str]) -> list[str]:
    """`NAME=VALUE` for each parameter. Names that are none are refused with the nearest one."""
    for name in values:
        if name not in known:
            raise _unknown(strategy, name, known, options)
    return [f"{name}={parameter_text(name, value)}" for name, value in values.items()]


def _unknown(strategy: str, name: str, known: Sequence[str], options: Sequence[str]) -> FlashcError:
    near = get_close_matches(name, [*known, *options], n=1)
    helps = [f"did you mean `{near[0]}`?"] if near else []
    helps.append(f"its parameters are {', '.join(known)}" if known else "it has no parameters")
    return usage(f"`{strategy}` has no parameter `{name}`", *helps, code="FC1101")


def parameter_text(name: str, value: Any) -> str:
    """`15`, `0.5`, `true`, `10800s`; texts such as `3h` or `5 bps` are taken as they are."""
    value = value.item() if hasattr(value, "item") and not isinstance(value, str) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, timedelta):
        return f"{value // timedelta(milliseconds=1)}ms" if value.microseconds else f"{value // timedelta(seconds=1)}s"
    if isinstance(value, int | str):
        return str(value)
    if isinstance(value, float | Decimal) and Decimal(value).is_finite():
        return plain(value)
    raise usage(f"`{name}={value!r}` cannot be used", "write a number, a truth value, or text such as '3h' or '5 bps'")


def plain(value: float | Decimal) -> str:
    """Without an exponent: 1e-05 is 0.00001."""
    return format(Decimal(str(value)), "f")


def moment(name: str, value: Any) -> int | None:
    """Epoch ns of text (ISO), a date, a datetime (UTC if it names no zone), NumPy's datetime64 or an epoch count."""
    if value is None:
        return None
    if isinstance(value, datetime):
        value = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
        whole: int = (value - _EPOCH) // timedelta(microseconds=1)
        return whole * 1000
    if type(value).__name__ == "datetime64":
        return int(value.astype("datetime64[ns]").astype("int64"))
    found = parse_moment(value.isoformat() if isinstance(value, date) else str(value))
    if found is None:
        raise usage(f"`{name}={value!r}` is not a time", "write '2024-03-01', '2024-03-01T09:30' (UTC), or a datetime")
    return found


def fees(value: Any) -> str | None:
    """One rate (`0.0005`, '5bps', '0.05%') for both sides, or a pair of maker and taker."""
    if isinstance(value, tuple | list) and len(value) == 2:
        return "/".join(_rate(part) for part in value)
    return None if value is None else _rate(value)


def _rate(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool) and Decimal(value).is_finite():
        return plain(Decimal(str(value)))
    raise usage(f"`fees={value!r}` is not a rate", "write 0.0005, '5bps', '0.05%', or a pair of maker and taker")


def option(value: Any) -> str | None:
    """`{"place": "2ms", "cancel": "2ms"}` as the text of the option; texts and paths as they are."""
    if isinstance(value, Mapping):
        return ",".join(f"{name}={part}" for name, part in value.items())
    return fspath(value) if isinstance(value, PathLike) else None if value is None else str(value)
