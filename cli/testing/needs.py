"""How many rows each clause needs before it may be read: what FC0804 tells."""

from __future__ import annotations

from ...compiler.analysis.warmup import evaluate_term
from ...compiler.frontend.assertions import CheckedTest
from ...compiler.ir.hir import Graph
from .programs import Watched, parameter_words

#: Clauses that one message names.
_MOST_NAMED = 4


def rows_needed(test: CheckedTest, watched: Watched) -> list[str]:
    """A line for each clause that needs more rows than the test has, those that need most first."""
    values = parameter_words(watched.program, test.params)
    params = {param.label: value for param, value in zip(watched.program.params, values, strict=True)}
    checked, found = watched.checked, list[tuple[int, str]]()
    for group, rules in (("entries", checked.entries), ("exits", checked.exits)):
        for rule in rules:
            for clause in rule.clauses:
                rows = max(
                    [1, *(_ticks(term, watched, params) for _, term in checked.facts.warmups[clause.node].per_clock)]
                )
                if rows > len(test.rows):
                    found.append((rows, f"`{group}.{rule.rule.name.value}.{clause.name}` needs {rows:,} rows"))
    return [text for _, text in sorted(found, key=lambda pair: -pair[0])[:_MOST_NAMED]]


def _ticks(term: tuple[object, ...], watched: Watched, params: dict[str, int | float]) -> int:
    checked = watched.checked
    return evaluate_term(term, lambda node: _value(checked.graph, node, params), checked.document.settle.value)


def _value(graph: Graph, node_id: int, params: dict[str, int | float]) -> int | float:
    """A constant, a parameter, or arithmetic on such."""
    node = graph[node_id]
    if node.op == "const":
        return float(str(node.attrs["value"])) if "/" not in str(node.attrs["value"]) else 1
    if node.op == "param":
        return params[str(node.attrs["name"])]
    args = [_value(graph, arg, params) for arg in node.args]
    match node.op:
        case "add":
            return args[0] + args[1]
        case "sub":
            return args[0] - args[1]
        case "mul":
            return args[0] * args[1]
    return max(args, default=1)
