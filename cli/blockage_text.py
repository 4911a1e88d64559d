"""What kept a run from trading, as one table for each instrument."""

from __future__ import annotations

from collections.abc import Sequence

from ..runtime.market_data.moments import moment_text, span_text
from .blockage import Blockage, ClauseCount, Found, RuleCount, Streak
from .tables import percent
from .text import table

_REASONS = {
    "not_armed": "warming up",
    "no_entry": "flat, and no entry held",
    "no_exit": "in a position, and no exit held",
    "in_flight": "an order was on its way",
    "cooling_down": "cooling down",
    "another_rule": "another rule came first",
    "below_minimum": "below the venue's minimum",
    "position_limit": "position limit",
    "no_funds": "no free cash",
    "max_open": "too many open positions",
    "order_rate": "too many orders",
    "order_notional": "largest order",
    "day_loss": "day loss",
    "stale": "a stale input",
    "band": "price band",
    "score_too_low": "the score was too low",
    "fired_once": "fired before, and fires once",
    "added_enough": "added as often as it may",
}


def blockage_text(found: Found, width: int) -> str:
    """The whole screen, without a final newline."""
    head = f"{found.strategy} · {moment_text(found.from_ns)} to {moment_text(found.to_ns)} UTC"
    return "\n\n".join([head, *(_instrument(one, width) for one in found.instruments)])


def _instrument(found: Blockage, width: int) -> str:
    reasons = sorted(found.reasons.items(), key=lambda item: -item[1])
    total = found.decisions or 1
    parts = [f"{_word(name)} {percent(count / total)}" for name, count in reasons]
    lines = [f"{found.instrument}: {found.decisions:,} decisions", *_filled(parts, width)]
    if found.untold:
        lines.append(f"  {found.untold:,} of them do not tell which rules were evaluated; they are not counted below")
    return "\n\n".join(["\n".join(lines), *(_rule(rule, width) for rule in found.rules)])


def _filled(parts: Sequence[str], width: int) -> list[str]:
    """Parts beside each other, as many as a line holds."""
    lines = [""]
    for part in parts:
        longer = f"{lines[-1]} · {part}" if lines[-1] else f"  {part}"
        if len(longer) > width and lines[-1]:
            lines.append(f"  {part}")
        else:
            lines[-1] = longer
    return lines


def _word(reason: str) -> str:
    return _REASONS.get(reason, reason.replace("_", " "))


def _rule(rule: RuleCount, width: int) -> str:
    kept = ", ".join(f"{count:,} {_word(reason)}" for reason, count in rule.kept.items())
    what = "what must hold did" if rule.scored else "held"
    held = (
        f"{what} {_times(rule.held)}"
        if rule.held
        else f"never {what}"
        if not rule.scored
        else "what must hold never did"
    )
    if not rule.evaluated:
        return f"{rule.rule}: never evaluated"
    head = f"{rule.rule}: evaluated {_times(rule.evaluated)}, {held}{f' ({kept})' if kept else ''}"
    if not rule.clauses:
        return head
    rows = [_row(clause, rule.evaluated) for clause in sorted(rule.clauses, key=lambda c: (-c.alone, -c.false))]
    header = ("clause", "false", "share", "alone", "longest", "nearest", "missed by", "was")
    shown = next(
        (c for c in _COLUMNS if _fits(_picked(header, c), [_picked(row, c) for row in rows], width)), _COLUMNS[-1]
    )
    text = table(_picked(header, shown), [_picked(row, shown) for row in rows])
    return head + "\n" + "\n".join(f"  {line}" for line in text.split("\n"))


#: The columns of clauses on wide terminals and on narrower ones: first `was` goes, then `longest`.
_COLUMNS = (tuple(range(8)), tuple(range(7)), (0, 1, 2, 3, 5, 6))


def _picked(row: Sequence[str], columns: Sequence[int]) -> tuple[str, ...]:
    return tuple(row[k] for k in columns)


def _times(count: int) -> str:
    return "never" if not count else "once" if count == 1 else f"{count:,} times"


def _fits(header: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> bool:
    widths = [max(len(row[k]) for row in (header, *rows)) for k in range(len(header))]
    return sum(widths) + 2 * len(widths) <= width


def _row(clause: ClauseCount, evaluated: int) -> tuple[str, ...]:
    near = clause.near
    return (
        clause.name,
        f"{clause.false:,}",
        percent(clause.false / evaluated),
        f"{clause.alone:,}",
        "-" if clause.longest is None else _lasted(clause.longest),
        "-" if near is None else moment_text(near.time // 10**6 * 10**6),
        "-" if near is None else near.short,
        "-" if near is None else near.text,
    )


def _lasted(streak: Streak) -> str:
    ns = streak.to_ns - streak.from_ns
    return span_text(ns // 10**6 * 10**6) if ns >= 10**6 else f"{streak.decisions:,} in a row"
