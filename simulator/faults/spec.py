"""What a fault is: a row of the catalogue with its parameters. Data only; `board.py` makes faults happen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from ...runtime.errors import RuntimeFault, fault

Value = int | str
NO_CHOICES: Mapping[str, str] = MappingProxyType({})


class Seam(Enum):
    """Where a fault takes hold."""

    TRANSPORT = "transport"  # bytes and connections
    REST = "rest"  # a request before it is answered, or the answer before it leaves
    STREAM = "stream"  # pushes and control messages of the WebSocket
    ENGINE = "engine"  # the exchange itself: orders, ledger, market, limits


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number of `unit` from `least` to `most`, one of `choices`, or (without either) a short text."""

    name: str
    meaning: str
    default: Value
    unit: str = ""
    least: int = 0
    most: int = 0
    choices: Mapping[str, str] = field(default_factory=lambda: NO_CHOICES)

    def read(self, text: str) -> Value:
        """The value that `text` spells. FC1309 says what would be one."""
        text = text.strip()
        if self.choices:
            if text in self.choices:
                return text
        elif self.unit:
            number = _whole(text.removesuffix(self.unit).strip())
            if number is not None and self.least <= number <= self.most:
                return number
        elif len(text) <= 200 and text.isprintable():
            return text
        raise self._refusal(text)

    def values(self) -> str:
        """What may be given, in one phrase."""
        if self.choices:
            return ", ".join(self.choices)
        return f"{self.least} to {self.most} {self.unit}" if self.unit else "a short text"

    def _refusal(self, text: str) -> RuntimeFault:
        help_ = f"`{self.name}` may be: {self.values()}"
        return fault("FC1309", f"`{self.name}` cannot be `{text[:40]}`", "fault", notes=(self.meaning,), helps=(help_,))


def _whole(text: str) -> int | None:
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) <= 12 else None


def number(name: str, default: int, unit: str, meaning: str, *, least: int = 0, most: int = 1_000_000) -> Parameter:
    """A whole number of `unit`."""
    assert least <= default <= most
    return Parameter(name, meaning, default, unit, least, most)


def millis(name: str, default: int, meaning: str, *, least: int = 0, most: int = 86_400_000) -> Parameter:
    """A time in milliseconds of the exchange's clock."""
    return number(name, default, "ms", meaning, least=least, most=most)


def choice(name: str, meaning: str, /, **choices: str) -> Parameter:
    """One of `choices`, the first by default. A leading `_` of a name is dropped, so that it may begin with a digit."""
    named = {key.removeprefix("_"): text for key, text in choices.items()}
    return Parameter(name, meaning, next(iter(named)), choices=MappingProxyType(named))


def words(name: str, default: str, meaning: str) -> Parameter:
    """A short text."""
    return Parameter(name, meaning, default)


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """One row: the number of the catalogue, a name to type, what happens, and what a correct client shows then."""

    id: str
    name: str
    title: str
    seams: tuple[Seam, ...]
    shows: str
    parameters: tuple[Parameter, ...] = ()
    starred: bool = False

    def read(self, given: Mapping[str, str]) -> dict[str, Value]:
        """Every parameter's value: what was given, else the default. FC1308 for an unknown name, FC1309 for a value."""
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in given:
            if name not in known:
                raise _no_parameter(self, name, list(known))
        return {name: row.read(given[name]) if name in given else row.default for name, row in known.items()}

    def facts(self) -> dict[str, object]:
        """The row for `--json` and the control port."""
        return {
            "id": self.id,
            "name": self.name,
            "title": self.title,
            "seams": [seam.value for seam in self.seams],
            "shows": self.shows,
            "starred": self.starred,
            "parameters": [
                {"name": p.name, "default": p.default, "values": p.values(), "meaning": p.meaning}
                for p in self.parameters
            ],
        }


def _no_parameter(spec: FaultSpec, name: str, known: list[str]) -> RuntimeFault:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    helps = [f"did you mean `{near[0]}`?"] if near else []
    helps.append(f"its parameters: {', '.join(known)}" if known else "it has no parameters")
    return fault("FC1308", f"fault {spec.id} has no parameter `{name[:40]}`", "fault", helps=tuple(helps))
