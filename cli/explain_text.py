"""An explanation as text: one line of state, the rules with their clauses, what would change the decision."""

from __future__ import annotations

from collections.abc import Callable

from ..runtime.market_data.moments import moment_text, span_text
from .explanation import Clause, Explanation, RuleView

Paint = Callable[[str, str], str]


def explain_text(found: Explanation, color: bool = False) -> str:
    """The whole screen, without a final newline."""
    paint = _paint if color else _plain
    lines = [f"{found.strategy} at {moment_text(found.time)} UTC{_asked(found)}", _state(found)]
    for rule in found.rules:
        lines += _rule(rule, paint)
    if found.values:
        pad = max(len(name) for name, _ in found.values)
        lines.append("values")
        lines += [f"  {name:<{pad}}  {value}" for name, value in found.values]
    footer = _footer(found)
    return "\n".join([*lines, footer] if footer else lines)


def _asked(found: Explanation) -> str:
    return "" if found.asked == found.time else f" (last decision before {moment_text(found.asked).partition(' ')[2]})"


def _state(found: Explanation) -> str:
    armed = "armed" if found.armed else "not armed"
    if found.not_armed and not found.armed:
        armed += f": {found.not_armed}"
    reason = found.reason.replace("_", " ")
    rule = f" ({found.reason_rule})" if found.reason_rule else ""
    return f"{found.phase} · {armed} · {reason}{rule}"


def _rule(rule: RuleView, paint: Paint) -> list[str]:
    verdict = paint("green", "yes") if rule.fired else paint("yellow", "no")
    head = f"{rule.name}: {verdict}" + (f" ({rule.why_not})" if rule.why_not else "")
    names = max((len(clause.name) for clause in rule.clauses), default=0)
    texts = max((len(clause.text) for clause in rule.clauses), default=0)
    return [head, *(_clause(clause, names, min(texts, 60), paint) for clause in rule.clauses)]


def _clause(clause: Clause, names: int, texts: int, paint: Paint) -> str:
    mark = paint("green", "✔") if clause.ok else paint("red", "✘")
    short = "" if not clause.shortfall else f"  {'spare' if clause.ok else 'short by'} {clause.shortfall}"
    return f"  {mark} {clause.name:<{names}}  {clause.text:<{texts}}{short}".rstrip()


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
