"""Faults of the drivers of bars and of books, of the simulators, and of runs that are carried over."""

from __future__ import annotations

from faults.fault import LAWS, MARKET, SIMULATOR, STRETCHES, Fault, check

_R = "runtime/backtest"
_M = f"{_R}/market"
RESTART = check("tests/runtime/backtest/market/test_both_markets.py", "-k", "other_memory")

FAULTS = (
    Fault(
        "bars: a bar that touches the price fills",
        f"{_R}/simulator.py",
        "    if side > 0:\n        return price < than\n",
        "    if side > 0:\n        return price <= than\n",
        SIMULATOR,
    ),
    Fault(
        "bars: an order lives a nanosecond longer",
        f"{_R}/simulator.py",
        "if ttl > 0 and open_time - sent >= ttl:",
        "if ttl > 0 and open_time - sent > ttl:",
        SIMULATOR,
    ),
    Fault(
        "bars: fees are rounded down",
        f"{_R}/core.py",
        "(low * rate + _HALF) // RATE_PARTS",
        "(low * rate) // RATE_PARTS",
        SIMULATOR,
    ),
    Fault(
        "bars: an order that costs all the cash is refused",
        f"{_R}/core.py",
        "if priced and side > 0 and value + fee_of(value, own[TAKER]) > sim[CASH]:",
        "if priced and side > 0 and value + fee_of(value, own[TAKER]) >= sim[CASH]:",
        SIMULATOR,
    ),
    Fault(
        "bars: a record at the time of a timer is before it",
        f"{_R}/native_driver.py",
        "if words_after(rec, middle * WORDS_PER_RECORD)[TIME] < due:",
        "if words_after(rec, middle * WORDS_PER_RECORD)[TIME] <= due:",
        STRETCHES,
    ),
    Fault(
        "bars: records are taken at once while orders are open",
        f"{_R}/native_driver.py",
        "        many = 1\n    done = step",
        "    done = step",
        SIMULATOR,
    ),
    Fault(
        "bars: a timer ends the instant of a record",
        f"{_R}/schedule.py",
        "ends = number == last and not woken and time != next_time",
        "ends = number == last and not woken",
        STRETCHES,
    ),
    Fault(
        "bars: a wake may be at the time of its event",
        f"{_R}/schedule.py",
        "max(out[OUT_WAKE], sim[NOW] + 1)",
        "max(out[OUT_WAKE], sim[NOW])",
        STRETCHES,
    ),
    Fault(
        "books: messages overtake each other",
        f"{_M}/matching.py",
        "m[clock] = max(m[clock], time + delay)",
        "m[clock] = time + delay",
        MARKET,
    ),
    Fault(
        "books: half atoms are rounded up",
        f"{_M}/native_market.py",
        "iadd(sim[CASH], held >> 1)",
        "iadd(sim[CASH], iadd(held, 1) >> 1)",
        MARKET,
    ),
    Fault(
        "books: a wake is not woken by others",
        f"{_M}/native_market.py",
        "ends = m[NEXT_TIME] != time and received != time and not _woken_by(m, time)",
        "ends = m[NEXT_TIME] != time and received != time",
        MARKET,
    ),
    Fault(
        "books: front and back change their shares",
        f"{_M}/queues.py",
        "front - (1.0 - behind) * gone",
        "front - behind * gone",
        MARKET,
    ),
    Fault(
        "carried over: the next times of timers", f"{_R}/restart.py", "    fresh.timers[:] = old.timers\n", "", RESTART
    ),
    Fault("carried over: the books", f"{_R}/restart.py", "            block[:] = other\n", "            pass\n", LAWS),
)
