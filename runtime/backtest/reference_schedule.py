"""Timers and wakes, slow and obvious: the definition. `schedule.py` must give the same bits.

- A timer of period p fires at every multiple of p (epoch), from the first event of the tape on and until its last.
- What is due at or before an event fires first, in time order; at equal time shorter periods first, then a wake.
- Timers of one time are one instant, and one with the tape records of that time: the last of them all ends it. A wake
  ends the instant that it belongs to, so tape records of its time are the next instant.
- A strategy has one wake, at the earliest time that it asked for since the last; a time that is not after the last
  event becomes the nanosecond after it. After MAX_WAKES wakes in a row the next one waits for another event, and comes
  at the soonest a nanosecond after that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ...cython_core import layout as memory
from .result import Feed
from .sim_words import MAX_WAKES, NO_TIME

Event = Callable[[Sequence[int]], None]  # a record for the strategy


@dataclass(slots=True)
class Schedule:
    """Timers and the wake of one run; `timers` shortest period first."""

    timers: Sequence[Feed]
    now: int = NO_TIME
    wake_at: int = memory.NEVER
    wakes: int = 0
    firing: list[int] = field(default_factory=list)  # the next time of each timer

    def start(self, time: int) -> None:
        """The first record of the tape is of this time."""
        self.firing = [-(-time // timer.period_ns) * timer.period_ns for timer in self.timers]

    def due(self) -> int:
        """The time of the next timer or wake; NEVER if there is none."""
        wake = self.wake_at if self.wakes < MAX_WAKES else memory.NEVER
        return min([wake, *self.firing])

    def ask(self, time: int) -> None:
        """The strategy asks to be woken; NEVER asks nothing."""
        if time != memory.NEVER:
            self.wake_at = min(self.wake_at, max(time, self.now + 1))

    def passed(self, time: int) -> None:
        """A tape record or a timer of this time is worked through."""
        if self.wakes >= MAX_WAKES:
            self.wake_at = max(self.wake_at, time + 1)
        self.now, self.wakes = time, 0

    def fire(self, next_time: int, event: Event) -> None:
        """Fire what is due first. `next_time`: of the next tape record."""
        time = self.due()
        woken = self.wake_at <= time and self.wakes < MAX_WAKES
        ringing = [number for number, at in enumerate(self.firing) if at == time]
        for number in ringing:
            self.passed(time)
            timer = self.timers[number]
            self.firing[number] += timer.period_ns
            ends = number == ringing[-1] and not woken and time != next_time
            head = memory.head(memory.KIND_TIMER, memory.FLAG_INSTANT_END if ends else 0, timer.stream)
            event([time, head, 0, 0, 0, 0, 0, 0])
        if woken:
            self.wake_at, self.now = memory.NEVER, max(time, self.now)
            self.wakes += 1
            event([self.now, memory.WAKE_HEAD, 0, 0, 0, 0, 0, 0])
