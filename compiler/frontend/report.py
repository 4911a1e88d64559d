"""What the front end inferred about a strategy, in the words of `check --report`."""

from __future__ import annotations

from ..analysis.warmup import evaluate_term, static_value
from ..ir.hir import Checked, Parameter
from ..ir.types import Clock, duration_text

_SECOND = 10**9


def report(checked: Checked) -> list[tuple[str, str]]:
    """(topic, text) rows: inputs, armed, pace, presence, sweep."""
    return [
        ("inputs", inputs(checked)),
        ("armed", armed(checked)),
        ("pace", pace(checked)),
        ("presence", presence(checked)),
        ("sweep", sweep(checked)),
    ]


def inputs(checked: Checked) -> str:
    """`btc.book depth 5 · btc.trade · timers 50ms 100ms · bars btc 1m 5m`."""
    events = [f"{s.clock}{f' depth {s.depth}' if s.depth else ''}" for s in checked.streams if not s.clock.period_ns]
    clocks = {c for found in checked.facts.clocks.values() for c in found}
    clocks |= {instance.decision for instance in checked.instances}
    timers = sorted(c.period_ns for c in clocks if c.kind == "timer")
    if timers:
        events.append("timers " + " ".join(map(duration_text, timers)))
    for alias in dict.fromkeys(s.clock.instrument for s in checked.streams if s.clock.kind == "bar"):
        mine = [s.clock for s in checked.streams if s.clock.kind == "bar" and s.clock.instrument == alias]
        periods = sorted(clock.period_ns for clock in mine)
        events.append(f"bars {alias} " + " ".join(map(duration_text, periods)))
    return " · ".join(events)


def armed(checked: Checked) -> str:
    """`after 235 closed 1m bars (829 at the top of the sweep), 61s of tape`: what rules need before they may fire."""
    ticks = warm_up(checked)
    parts = [_need(clock, *found) for clock, found in ticks.items() if _counts(clock, found[0])]
    tape = max((usual * clock.period_ns for clock, (usual, _) in ticks.items() if clock.kind == "timer"), default=0)
    if tape:
        parts.append(f"{duration_text(-(-tape // _SECOND) * _SECOND)} of tape")
    return "after " + ", ".join(parts or ["the first event"])


def warm_up(checked: Checked) -> dict[Clock, tuple[int, int]]:
    """By clock: the ticks that must pass before rules may fire, with default parameters and at the top of the sweep."""
    usual = _ticks(checked, {p.name: p.default for p in checked.parameters})
    most = _ticks(checked, {p.name: _top(p) for p in checked.parameters})
    return {clock: (ticks, max(ticks, most.get(clock, 0))) for clock, ticks in usual.items()}


def _top(parameter: Parameter) -> int | float:
    return parameter.high if parameter.sweep and parameter.high is not None else parameter.default


def _counts(clock: Clock, ticks: int) -> bool:
    """Bars always; events when more than the first one is needed."""
    return clock.kind == "bar" or (clock.kind in ("book", "trade") and ticks > 1)


def _need(clock: Clock, usual: int, most: int) -> str:
    top = f" ({most:,} at the top of the sweep)" if most > usual else ""
    if clock.kind != "bar":
        return f"{usual:,} events of {clock}{top}"
    return f"{usual:,} closed {str(clock).partition('.')[2]} bars of {clock.instrument}{top}"


def _ticks(checked: Checked, values: dict[str, int | float]) -> dict[Clock, int]:
    settle = checked.document.settle.value
    most: dict[Clock, int] = {}
    for node in roots(checked):
        for clock, term in checked.facts.warmups[node].per_clock:
            ticks = evaluate_term(term, lambda i: static_value(checked.graph, i, values), settle)
            most[clock] = max(most.get(clock, 1), ticks)
    return most


def roots(checked: Checked) -> list[int]:
    """Everything that the rules of all instances read: clauses, weights, sizes, cooldowns."""
    rules = [rule for one in checked.instances for rule in (*one.entries, *one.exits)]
    found = [clause.node for rule in rules for clause in rule.clauses]
    values = [n for r in rules for n in (*r.weights, r.at_least, r.size, r.cooldown, r.fraction) if n is not None]
    return list(dict.fromkeys(found + values))


def pace(checked: Checked) -> str:
    """`at most 50 decisions/s · at most 8 orders per 1s`: how often the strategy can act."""
    first, limit = checked.instances[0], checked.instances[0].risk
    gap = max(checked.min_gap_ns, first.decision.period_ns)
    if not gap:
        parts = [f"a decision at each {'change of the book' if first.decision.kind == 'book' else 'trade'}"]
    elif gap < _SECOND:
        parts = [f"at most {-(-_SECOND // gap)} decisions/s"]
    else:
        parts = [f"a decision each {duration_text(gap)}"]
    if limit.order_per is not None:
        per = checked.graph[limit.order_per].attrs.get("value")
        parts.append(f"at most {limit.order_rate} orders per {duration_text(per) if isinstance(per, int) else 'time'}")
    return " · ".join(parts)


def presence(checked: Checked) -> str:
    """Which named values fall back, and which fallbacks were proved idle."""
    used, idle = [], []
    for name, node in checked.graph.lets.items():
        kinds = {_falls_back(checked, n) for n in _own_nodes(checked, node)}
        used += [name] if True in kinds else []
        idle += [name] if False in kinds else []
    parts = ["all rules total"]
    parts += [f"fallbacks {', '.join(used)}"] if used else []
    parts += [f"proved idle after inlining: {', '.join(idle)}"] if idle else []
    return " · ".join(parts)


def _falls_back(checked: Checked, node_id: int) -> bool | None:
    """True for a fallback that may be used, False for one that cannot, None for anything else."""
    node = checked.graph[node_id]
    return checked.facts.types[node.args[0]].optional if node.op == "orelse" else None


def _own_nodes(checked: Checked, root: int) -> list[int]:
    """The nodes of one equation, without those of the equations it names."""
    named = set(checked.graph.lets.values())
    todo, found = [root], list[int]()
    seen = {root}
    while todo:
        current = todo.pop()
        found.append(current)
        for a in checked.graph[current].args:
            if a not in seen and a not in named:
                seen.add(a)
                todo.append(a)
    return found


def sweep(checked: Checked) -> str:
    """The searched parameters, and the share of values that none of them touches."""
    swept = [p.name for p in checked.parameters if p.sweep]
    if not swept:
        return "no parameters"
    touched: set[int] = set()
    for node in checked.graph.nodes:
        mine = node.op == "param" and node.attrs["name"] in swept
        if mine or any(a in touched for a in node.args):
            touched.add(node.id)
    share = 100 * (len(checked.graph.nodes) - len(touched)) // len(checked.graph.nodes)
    count = "1 parameter" if len(swept) == 1 else f"{len(swept)} parameters"
    return f"{count} ({', '.join(swept)}) · {share} % of values do not depend on them"
