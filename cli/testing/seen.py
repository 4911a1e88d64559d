"""What a test sees while it runs: decisions with their probes, and the orders that were wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ...cython_core.layout import INSTANCE_SHIFT, REASON_SHIFT, REASONS, STYLES
from ...dsl.diagnostics import Diagnostic
from ...dsl.source import Span

Number = int | float | bool


@dataclass(frozen=True, slots=True)
class Seen:
    """One decision. `since_ns` counts from the start of the test; `row` is the text of the row that brought it."""

    time_ns: int
    since_ns: int
    alias: str
    reason_word: int
    mask: int
    probes: Mapping[int, Number]
    row: Span | None = None

    @property
    def reason(self) -> str:
        return REASONS[self.reason_word & ((1 << REASON_SHIFT) - 1)]

    @property
    def rule(self) -> int:
        return self.reason_word >> REASON_SHIFT & 0xFFFF


def instance_of(reason_word: int) -> int:
    return reason_word >> INSTANCE_SHIFT


@dataclass(frozen=True, slots=True)
class Order:
    """One order that the strategy wanted; `rule` is `exits.stop`, or the limit that sold."""

    time_ns: int
    since_ns: int
    side: int
    style: str
    lots: int
    ticks: int
    rule: str
    alias: str

    @property
    def side_text(self) -> str:
        return "buy" if self.side > 0 else "sell"


def style_name(number: int) -> str:
    return STYLES[number]


class Witness(Protocol):
    """Whoever wants to hear what happens in a test."""

    def decided(self, seen: Seen) -> None: ...
    def ordered(self, order: Order) -> None: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a part of a test found: nothing, or a finding to show."""

    findings: tuple[Diagnostic, ...] = ()
