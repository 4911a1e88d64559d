"""What a lock says and what is there now, as diagnostics that point into the lock: FC0901, FC0902, FC0903."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

from ...dsl.diagnostics import Diagnostic, Label
from .file import NAME, Lock
from .pins import MISSING, Pins, Place

_RENEW = "if this is wanted, run `flashc lock`, review the difference and commit it"
_COMPILER = ("cc", "level", "flags")
_LONGEST = 12


@dataclass(frozen=True, slots=True)
class Change:
    """One fact: `old` is None for what the lock does not say, `new` for what nothing needs any more."""

    place: Place
    old: str | None
    new: str | None

    @property
    def text(self) -> str:
        """`venues mexc.spot instruments BTC/USDC taker_fee: 0.0004 -> 0.0005`; `+` and `-` for what comes and goes."""
        name = " ".join(self.place)
        if self.old is None or self.new is None:
            sign, value = ("-", self.old) if self.new is None else ("+", self.new)
            return f"{sign} {name}: {_shown(value, '')}".rstrip(": ")
        return f"{name}: {_shown(self.old, '')} -> {_shown(self.new, '')}"


def _shown(value: str | None, nothing: str) -> str:
    """A value in a message: of a hash the digits that a reader compares."""
    if value is None:
        return nothing
    return f"{value[: len('sha256:') + _LONGEST]}…" if value.startswith("sha256:") else value


def changes(old: Pins, new: Pins, *, whole: bool) -> list[Change]:
    """Where they differ. `whole`: also what only the lock says; else `new` is a part of what it must say."""
    places = sorted({*old, *new} if whole else new)
    pairs = ((place, old.get(place), new.get(place)) for place in places)
    return [Change(*found) for found in pairs if found[1] != found[2] and found[1:] != (None, MISSING)]


def findings(lock: Lock, now: Pins, *, whole: bool = False) -> list[Diagnostic]:
    """One finding for each thing that is not as the lock says, however many of its facts differ."""
    grouped: dict[Place, list[Change]] = {}
    for change in changes(lock.pins, now, whole=whole):
        grouped.setdefault(_subject(change.place), []).append(change)
    return [_finding(lock, subject, found) for subject, found in grouped.items()]


def _subject(place: Place) -> Place:
    """What a fact is about: a module, a venue, the C compiler ..."""
    if place[0] in ("modules", "strategies", "tapes", "venues"):
        return place[:2]
    if place[0] == "toolchain":
        return ("toolchain", "cc" if place[1] in _COMPILER else place[1])
    return place[:1]


def _finding(lock: Lock, subject: Place, found: list[Change]) -> Diagnostic:
    code = {"modules": "FC0902", "toolchain": "FC0903"}.get(subject[0], "FC0901")
    if subject == ("toolchain", "flashc"):
        code = "FC0901"
    named = [c for c in found if not (c.old or c.new or "").startswith("sha256:")] or found
    place = named[0].place
    label = Label(lock.span(place), "pinned here" if place in lock.spans else "")
    notes, facts = tuple(_notes(subject, found)), MappingProxyType({"place": list(subject)})
    return Diagnostic(
        code, _message(subject, found), label, notes=notes, helps=_helps(lock, subject, found), facts=facts
    )


def _message(subject: Place, found: list[Change]) -> str:
    kind, name = subject[0], subject[-1]
    added, gone = all(c.old is None for c in found), all(c.new is None for c in found)
    if kind == "strategies":
        return f"`{name}` is not in {NAME}" if added else f"{NAME} names `{name}`, which is not there any more"
    what = {
        "modules": f"the module `{name}`",
        "venues": f"the profile of `{name}`",
        "tapes": f"the tape `{name}`",
        "edition": "the standard library",
    }.get(kind, "flashc" if name == "flashc" else "the C compiler")
    if added:
        return f"{what} is not in {NAME}"
    if gone:
        return f"{NAME} pins {what}, which no strategy needs any more"
    if any(c.new == MISSING for c in found):
        return f"{what} is not there any more"
    return f"{what} is not the one that {NAME} pins"


def _notes(subject: Place, found: list[Change]) -> Iterator[str]:
    for change in found:
        if change.place[0] == "strategies":
            continue
        name = " ".join(change.place[len(subject) :]) or change.place[-1]
        yield f"{name}: {_shown(change.old, 'nothing')} in the lock, {_shown(change.new, 'nothing')} now"


def _helps(lock: Lock, subject: Place, found: list[Change]) -> tuple[str, ...]:
    if subject[0] == "strategies":
        if found[0].new is None:
            return ("`flashc lock` takes it out; review the difference and commit it",)
        here = os.path.relpath(lock.folder / subject[1])  # as a shell in this folder needs it
        return (f"`flashc lock {shlex.quote(here)}` adds it; review the difference and commit it",)
    if subject == ("toolchain", "cc"):
        return (f"install the pinned compiler, or {_RENEW}",)
    return (_RENEW,)
