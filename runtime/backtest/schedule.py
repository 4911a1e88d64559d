# mypy: allow-untyped-decorators, allow-untyped-calls
"""Timers and wakes, compiled: the twin of `reference_schedule.py`, which states the rules.

`sim[DUE]` is the time of the next timer or wake; `sim[NOW]` that of the last event.
"""

from __future__ import annotations

from ...cython_core.layout import (
    FLAG_INSTANT_END,
    FLAG_SHIFT,
    HEAD,
    INTENT_WORDS,
    KIND_TIMER,
    NEVER,
    OUT_DECIDED,
    OUT_FIRST_INTENT,
    OUT_INTENTS,
    OUT_WAKE,
    STREAM_SHIFT,
    TIME,
    WAKE_HEAD,
    WORD_BYTES,
    WORDS_PER_RECORD,
)
from .core import Words, compiled
from .native_ops import call_events, float_words, int_words, words_after
from .result import DECISION_COLUMNS
from .sim_words import (
    DECISIONS_AT,
    DUE,
    EVENTS_FUNCTION,
    FIRST_INSTANCE,
    INSTANCE_WORDS,
    INSTANCES,
    IO_AT,
    MAX_PENDING,
    MAX_WAKES,
    N_DECISIONS,
    N_PENDING,
    NOW,
    OUT_AT,
    PENDING,
    PENDING_WORDS,
    RECORD,
    STATE_AT,
    TIMER_NEXT,
    TIMER_PERIOD,
    TIMER_STREAM,
    TIMER_WORDS,
    TIMERS,
    WAKE_AT,
    WAKES,
)

_DECISION_WORDS = len(DECISION_COLUMNS)


@compiled
def timer_of(sim: Words, number: int) -> Words:
    """The words of one timer."""
    return words_after(sim, FIRST_INSTANCE + sim[INSTANCES] * INSTANCE_WORDS + number * TIMER_WORDS)


@compiled
def plan(sim: Words) -> None:
    """Find the next timer or wake anew."""
    due = NEVER
    if sim[WAKES] < MAX_WAKES:
        due = sim[WAKE_AT]
    for number in range(sim[TIMERS]):
        due = min(due, timer_of(sim, number)[TIMER_NEXT])
    sim[DUE] = due


@compiled
def passed(sim: Words, time: int) -> None:
    """Something else than a wake happens at `time`; a wake that has waited for it comes after that."""
    if sim[WAKES] >= MAX_WAKES:
        sim[WAKE_AT] = max(sim[WAKE_AT], time + 1)
    sim[WAKES] = 0


@compiled
def take(sim: Words, out: Words, time: int) -> None:
    """Put what a call of the kernel wants behind what waits already."""
    for k in range(out[OUT_INTENTS]):
        if sim[N_PENDING] < MAX_PENDING:
            slot = words_after(sim, PENDING + sim[N_PENDING] * PENDING_WORDS)
            slot[0] = time
            for word in range(INTENT_WORDS):
                slot[1 + word] = out[OUT_FIRST_INTENT + k * INTENT_WORDS + word]
            sim[N_PENDING] += 1
    ask_wake(sim, out)


@compiled
def ask_wake(sim: Words, out: Words) -> None:
    """Note the wake that a call of the kernel asks for."""
    if out[OUT_WAKE] != NEVER:
        sim[WAKE_AT] = min(sim[WAKE_AT], max(out[OUT_WAKE], sim[NOW] + 1))
        plan(sim)


@compiled
def step(sim: Words, rec: Words, many: int) -> int:
    """Let the kernel work through up to `many` records; how many it took. Its wishes stand in its `out` block."""
    st, sf, out = int_words(sim[STATE_AT]), float_words(sim[STATE_AT]), int_words(sim[OUT_AT])
    rows = int_words(sim[DECISIONS_AT] + sim[N_DECISIONS] * _DECISION_WORDS * WORD_BYTES)
    done: int = call_events(sim[EVENTS_FUNCTION], rec, many, st, sf, out, rows, int_words(sim[IO_AT]))
    sim[N_DECISIONS] += out[OUT_DECIDED]
    sim[NOW] = words_after(rec, (done - 1) * WORDS_PER_RECORD)[TIME]
    return done


@compiled
def _made(sim: Words, time: int, head: int) -> None:
    """An event that is not on the tape."""
    rec = words_after(sim, RECORD)
    rec[TIME] = time
    rec[HEAD] = head
    step(sim, rec, 1)
    out = int_words(sim[OUT_AT])
    if out[OUT_INTENTS] > 0 or out[OUT_WAKE] != NEVER:
        take(sim, out, time)


@compiled
def fire(sim: Words, next_time: int) -> None:
    """Fire the timers that are due first, and then a wake that is due by then. `next_time`: of the next tape record."""
    time = sim[DUE]
    woken = sim[WAKE_AT] <= time and sim[WAKES] < MAX_WAKES
    last = -1
    for number in range(sim[TIMERS]):
        if timer_of(sim, number)[TIMER_NEXT] == time:
            last = number
    if last >= 0:
        passed(sim, time)
    for number in range(last + 1):
        timer = timer_of(sim, number)
        if timer[TIMER_NEXT] == time:
            timer[TIMER_NEXT] += timer[TIMER_PERIOD]
            ends = number == last and not woken and time != next_time
            flags = FLAG_INSTANT_END << FLAG_SHIFT if ends else 0
            _made(sim, time, KIND_TIMER | flags | (timer[TIMER_STREAM] << STREAM_SHIFT))
    if woken:
        sim[WAKE_AT] = NEVER
        sim[WAKES] += 1
        _made(sim, max(time, sim[NOW]), WAKE_HEAD)
    plan(sim)
