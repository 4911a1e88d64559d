"""Faults of lowering: holds, warm-up counts, seeds, windows, the position machine."""

from __future__ import annotations

from faults.fault import BITS, HOLDS, LIBRARY, MACHINE, WARM_UP, Fault

_L = "compiler/lower"

FAULTS = (
    Fault(
        "warm-up: a recurrence is seeded one tick too short",
        f"{_L}/state.py",
        "return self.home.seen <= (ticks.max(1) + extra)",
        "return self.home.seen < (ticks.max(1) + extra)",
        LIBRARY,
    ),
    Fault(
        "warm-up: terms that add up are taken as the greatest",
        f"{_L}/warmups.py",
        "return sub(left) + sub(right)",
        "return sub(left).max(sub(right))",
        WARM_UP,
    ),
    Fault(
        "warm-up: settling is rounded down",
        f"{_L}/warmups.py",
        'b.op("f2i", b.op("fceil", ticks)).max(1)',
        'b.op("f2i", ticks).max(1)',
        BITS,
    ),
    Fault(
        "warm-up: armed one tick too late",
        f"{_L}/machine/rules.py",
        "armed = armed & (most <= lowering.seen(clock, b))",
        "armed = armed & (most < lowering.seen(clock, b))",
        MACHINE,
    ),
    Fault(
        "windows: the ring of sums is as long as the window",
        f"{_L}/state.py",
        'ring = call.slot(I64, f"{tag}/prefix", ring_words(greatest + 1))',
        'ring = call.slot(I64, f"{tag}/prefix", ring_words(greatest))',
        LIBRARY,
    ),
    Fault(
        "windows: of equal extremes the newest wins",
        f"{_L}/state.py",
        "before.min(found) if which",
        "found.min(before) if which",
        BITS,
    ),
    Fault(
        "windows: doubling leaves a gap at odd lengths",
        f"{_L}/state.py",
        "back = min(size, length - size)",
        "back = size",
        LIBRARY,
    ),
    Fault(
        "windows: sums of floats from the newest on",
        f"{_L}/state.py",
        "for value in reversed(values):",
        "for value in values:",
        BITS,
    ),
    Fault(
        "seeds: prev has no first value",
        f"{_L}/state.py",
        "first = home.seen <= 1",
        "first = home.seen <= 0",
        BITS,
    ),
    Fault(
        "seeds: history is one value too short",
        f"{_L}/state.py",
        "remember(call, x, greatest + 1, tag)",
        "remember(call, x, greatest, tag)",
        LIBRARY,
    ),
    Fault(
        "holds: a bool that is held is read turned round",
        f"{_L}/context.py",
        "            value = value.ne(0)\n        present",
        "            value = value.eq(0)\n        present",
        HOLDS,
    ),
    Fault(
        "holds: what is held is always there",
        f"{_L}/context.py",
        "present = b.load(slots[1]).ne(0) if slots[1] is not None else None",
        "present = b.b(True) if slots[1] is not None else None",
        BITS,
    ),
    Fault(
        "machine: a cooldown ends a nanosecond later",
        f"{_L}/machine/rules.py",
        "self.lowering.one(rule.cooldown, b).value <= now",
        "self.lowering.one(rule.cooldown, b).value < now",
        MACHINE,
    ),
    Fault(
        "machine: the last exit that holds wins",
        f"{_L}/machine/rules.py",
        "for number in reversed(range(len(fires))):",
        "for number in range(len(fires)):",
        MACHINE,
    ),
    Fault(
        "machine: retries count one too many",
        f"{_L}/machine/chain.py",
        "again = tries < policy.retries",
        "again = tries <= policy.retries",
        MACHINE,
    ),
    Fault(
        "machine: fees are not part of the result",
        f"{_L}/machine/chain.py",
        'b.ev("value")) - b.ev("fee")',
        'b.ev("value"))',
        MACHINE,
    ),
    Fault(
        "machine: the fill of another instrument is booked",
        f"{_L}/machine/chain.py",
        "with b.when(mine & kind.eq(KIND_FILL)):",
        "with b.when(kind.eq(KIND_FILL)):",
        MACHINE,
    ),
    Fault(
        "machine: a day begins at its own first value",
        f"{_L}/machine/limits.py",
        "base = b.select(new_day, b.load(shared.last_value), b.load(shared.day_base))",
        "base = b.select(new_day, value, b.load(shared.day_base))",
        MACHINE,
    ),
    Fault(
        "machine: a losing streak is one longer",
        f"{_L}/machine/limits.py",
        "reached = b.i(self.risk.losing_streak) <= streak",
        "reached = b.i(self.risk.losing_streak) < streak",
        MACHINE,
    ),
    Fault(
        "machine: the worst price of a position is that of the highs",
        f"{_L}/machine/machine.py",
        "b.load(book.worst).min(low)",
        "b.load(book.worst).min(high)",
        MACHINE,
    ),
)
