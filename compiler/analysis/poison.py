"""Poisoned nodes: what an error was reported for, and everything that is computed from it."""

from __future__ import annotations

from collections.abc import Iterable

from ..ir.hir import Graph


def alive(graph: Graph, live: frozenset[int], broken: Iterable[int]) -> frozenset[int]:
    """What is left of `live` when `broken` nodes and all their users are taken away."""
    dead = set(broken)
    if not dead:
        return live
    size = -1
    while size != len(dead):  # one round, unless `prev` refers to a later node
        size = len(dead)
        for node in graph.nodes:
            if node.id not in dead and any(a in dead for a in node.args):
                dead.add(node.id)
    return live - dead
