"""An explanation as text: one line of state, the rules with their clauses, what would change the decision."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..runtime.market_data.moments import moment_text, span_text
from .explanation import Clause, Explanation, RuleView

Paint = Callable[[str, str], str]


def explain_text(found: Explanation, color: bool = False) -> str:
    """The whole screen, without a final newline."""
    paint = _paint if color else _plain
    whose = f"{found.strategy} on {found.instrument}" if found.others else found.strategy
    lines = [f"{whose} at {moment_text(found.time)} UTC{_asked(found)}", _state(found)]
    for rule in found.rules:
        lines += _rule(rule, paint)
    if found.values:
        pad = max(len(name) for name, _ in found.values)
        lines.append("values")
        lines += [f"  {name:<{pad}}  {value}" for name, value in found.values]
    footer = _footer(found)
    return "\n".join([*lines, footer] if footer else lines)


def _asked(found: Explanation) -> str:
    if found.asked == found.time:
        return ""
    day, _, clock = moment_text(found.asked).partition(" ")
    asked = clock if moment_text(found.time).startswith(day) else f"{day} {clock}"
    return f" (the run's last decision, asked for {asked})" if found.is_last else f" (last decision before {asked})"


_REASONS = {
    "day_loss": "flattened by risk: the day's loss reached its limit",
    "halted": "halted by risk for the rest of the day",
    "position_limit": "stopped by risk: position limit",
    "below_minimum": "the size is below the venue's minimum",
    "in_flight": "an order is on its way",
    "added": "added to the position",
    "no_funds": "the free cash does not pay the size",
    "losing_streak": "pausing after too many losing trades in a row",
    "drawdown": "stopped by risk: drawdown limit",
    "profit_lock": "flattened by risk: the day's profit fell back to what is locked",
    "order_rate": "stopped by risk: too many orders in the time",
    "band": "stopped by risk: the price is too far from the reference",
    "stale": "stopped by risk: an input is too old",
    "invariant": "stopped by risk: an invariant would not hold",
    "max_open": "stopped by risk: as many positions are open as may be",
    "order_notional": "stopped by risk: the order is too large, and what is left too small",
}


def _state(found: Explanation) -> str:
    armed = "armed" if found.armed else "not armed"
    if found.not_armed and not found.armed:
        armed += f": {found.not_armed}"
    if not found.armed:
        return f"{found.phase} · {armed}"
    reason = _REASONS.get(found.reason, found.reason.replace("_", " "))
    rule = f" ({found.reason_rule})" if found.reason_rule else ""
    return f"{found.phase} · {armed} · {reason}{rule}"


def _rule(rule: RuleView, paint: Paint) -> list[str]:
    verdict = paint("green", "yes") if rule.fired else paint("yellow", "no")
    head = f"{rule.name}: {verdict}" + (f" ({rule.why_not})" if rule.why_not else "")
    return [head, *_clauses(rule.clauses, 1, paint)]


def _clauses(clauses: Sequence[Clause], depth: int, paint: Paint) -> list[str]:
    """The clauses of one rule, or the parts of one clause, in columns of their own."""
    names = max((len(clause.name) for clause in clauses), default=0)
    texts = max((len(clause.text) for clause in clauses), default=0)
    lines = []
    for clause in clauses:
        lines.append("  " * depth + _clause(clause, names, min(texts, 60), paint))
        lines += _clauses(clause.parts, depth + 2, paint)
    return lines


def _clause(clause: Clause, names: int, texts: int, paint: Paint) -> str:
    mark = paint("green", "✔") if clause.ok else paint("red", "✘")
    short = "" if not clause.shortfall else f"  {'spare' if clause.ok else 'short by'} {clause.shortfall}"
    name = f"{clause.name:<{names}}  " if clause.name else ""
    return f"{mark} {name}{clause.text:<{texts}}{short}".rstrip()


def _footer(found: Explanation) -> str:
    parts = []
    if found.nearest is not None:
        when = "" if found.nearest.after_ns is None else f"→ holds {span_text(found.nearest.after_ns)} later"
        words = ("nearest flip:", found.nearest.clause, found.nearest.text, when)
        parts.append(" ".join(word for word in words if word))
    if found.last_fire is not None:
        parts.append(f"last fire {moment_text(found.last_fire)}")
    if found.blocker and found.blocker_share is not None:
        parts.append(f"blocked by {found.blocker} in {found.blocker_share:.0%} of the day's decisions")
    return "  ·  ".join(parts)


def _plain(name: str, text: str) -> str:
    return text


def _paint(name: str, text: str) -> str:
    code = {"red": 31, "green": 32, "yellow": 33}[name]
    return f"\x1b[{code}m{text}\x1b[0m"
