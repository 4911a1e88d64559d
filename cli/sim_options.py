"""Options and words that the `flashc sim` commands share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from ..simulator.defaults import MOST_MS
from .command import example
from .problem import Problem

EPILOGS = {
    "exchange": example(
        "flashc sim exchange",
        "flashc sim exchange --seed 7 --speed 60",
        "flashc sim exchange --data btc_l2 --accounts accounts.yaml --port 9000",
    ),
    "fault": example(
        "flashc sim fault depth-gap --for 5s",
        "flashc sim fault N-05 --set to_client=800 --link public --every 1m --for 10s",
        "flashc sim fault accepted-answer-lost --count 1 --account alice",
    ),
    "heal": example("flashc sim heal", "flashc sim heal depth-gap"),
    "faults": example("flashc sim faults", "flashc sim faults --all", "flashc sim faults latency"),
    "ledger": example("flashc sim ledger", "flashc sim ledger --account alice --json"),
    "status": example("flashc sim status", "flashc sim status --json"),
    "switch": example(
        "flashc sim switch", "flashc sim switch --all", "flashc sim switch cancel_status=before ioc_unfilled=refused"
    ),
}

Folder = Annotated[
    Path | None,
    typer.Option("--folder", metavar="DIR", help="Where the exchange keeps its files. Default: in your cache folder."),
]


def folder_of(given: Path | None) -> Path:
    """The folder of the local exchange."""
    from ..simulator.server.folder import default_folder

    return default_folder() if given is None else given.absolute()


def milliseconds(text: str | None, option: str, least: int = 0) -> int | None:
    """`250ms`, `5s`, `2m`, `1h` as milliseconds, at least `least`."""
    if text is None:
        return None
    units = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
    number = text.strip().rstrip("mshd")
    unit = text.strip()[len(number) :]
    if unit not in units or not (number.isascii() and number.isdigit()) or len(number) > 9:
        raise Problem(f"`{option} {text}` is not a time", helps=("write 250ms, 5s, 2m or 1h",))
    if (found := int(number) * units[unit]) < least:
        raise Problem(f"`{option} {text}` is no time at all", helps=("write 250ms, 5s, 2m or 1h",))
    if found > MOST_MS:
        raise Problem(f"`{option} {text}` is too long", helps=(f"at most {MOST_MS // units['d']}d",))
    return found


def pairs(texts: Sequence[str] | None, option: str) -> dict[str, str]:
    """`NAME=VALUE` texts as a mapping."""
    found = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise Problem(f"`{option} {text}` is not NAME=VALUE")
        found[name.strip()] = value.strip()
    return found
