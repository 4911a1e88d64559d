"""Warm-up terms (`compiler/analysis/warmup.py`) as FIR, so that every executor counts the same ticks.

`settle` of a recurrence with weight alpha is the number of ticks after which the seed weighs less than the tolerance:
`ceil(ln(settle) / ln(1 - alpha))`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from ..ir.builder import SegmentBuilder, Value

#: Tolerance of `settle: bits`: measured, two runs with other seeds merge after `ln(0.01 * 2**53) / -ln(1 - alpha)`.
BITS_TOLERANCE = 100.0 * 2.0**-53


def inputs_of(term: tuple[object, ...]) -> list[int]:
    """Node ids a term reads, each once, in order."""
    found: list[int] = []
    for part in term[1:]:
        if isinstance(part, tuple):
            found += [i for i in inputs_of(part) if i not in found]
    if term[0] == "param":
        found.append(term[1])  # type: ignore[arg-type]
    if term[0] == "settle" and term[2] not in found:
        found.append(term[2])  # type: ignore[arg-type]
    if term[0] == "kalman":
        found += [i for i in dict.fromkeys(term[1:]) if i not in found]  # type: ignore[misc]
    return found


def lower_term(
    b: SegmentBuilder, term: tuple[object, ...], values: Mapping[int, Value], settle: Decimal | None
) -> Value:
    """An i64 value: the term's tick count."""

    def sub(part: object) -> Value:
        assert isinstance(part, tuple)
        return lower_term(b, part, values, settle)

    match term:
        case ("const", int(n)):
            return b.i(n)
        case ("param", int(node)):
            return values[node]
        case ("settle", str(kind), int(node)):
            return _settle(b, kind, values[node], settle)
        case ("kalman", int(q), int(r)):
            return _forgets(b, 1.0 - kalman_gain(b, values[q].to_float(), values[r].to_float()), settle)
        case ("root", part):
            return b.op("f2i", b.op("ffloor", b.op("fsqrt", sub(part).to_float())))
        case ("add", left, right):
            return sub(left) + sub(right)
        case ("max", left, right):
            return sub(left).max(sub(right))
        case ("root", part):
            return b.op("f2i", b.op("ffloor", b.op("fsqrt", sub(part).to_float())))
        case ("scale", part, int(numerator), int(denominator)):
            return b.op("idiv", sub(part) * numerator + (denominator - 1), b.i(denominator))
    raise AssertionError(f"unknown warm-up term {term!r}")


def alpha(b: SegmentBuilder, kind: str, length: Value) -> Value:
    """The weight of the newest value: `ema` 2 / (n + 1), `rma` (Wilder) 1 / n, `kama` at least ema's squared."""
    n = length.to_float()
    if kind == "rma":
        return 1.0 / n
    weight = 2.0 / (n + 1.0)
    return weight * weight if kind == "kama" else weight


def _settle(b: SegmentBuilder, kind: str, length: Value, settle: Decimal | None) -> Value:
    return _forgets(b, 1.0 - alpha(b, kind, length), settle)


def kalman_gain(b: SegmentBuilder, q: Value, r: Value) -> Value:
    """The steady gain of a local level filter (Kalman 1960): p / (p + r), p = (q + sqrt(q^2 + 4 q r)) / 2.

    q and r are variances in one unit. q counts as at least r / 1e12: with less the filter never forgets its seed.
    """
    q, r = q.max(r * 1e-12), r.max(0.0)
    ahead = (q + b.op("fsqrt", (q * q + 4.0 * q * r).max(0.0))) / 2.0
    noisy = b.f(0.0) < ahead + r
    return b.select(noisy, ahead / b.select(noisy, ahead + r, 1.0), 1.0)


def _forgets(b: SegmentBuilder, rest: Value, settle: Decimal | None) -> Value:
    """Ticks after which a seed that keeps the share `rest` on each tick weighs less than the tolerance."""
    tolerance = BITS_TOLERANCE if settle is None else float(settle)
    at_once = rest <= 0.0  # n = 1: the seed is gone after one tick
    ticks = b.op("flog", b.f(tolerance)) / b.op("flog", b.select(at_once, 0.5, rest))
    return b.select(at_once, b.i(1), b.op("f2i", b.op("fceil", ticks)).max(1))
