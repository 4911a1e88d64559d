"""Which execution policies are used, and in which direction: a policy that buys is not the same policy selling."""

from __future__ import annotations

from ...dsl.document import Document, Execution

#: The direction of the order that leaves a position: entries buy, so exits sell.
EXIT_SIDE = -1


def uses(document: Document) -> tuple[tuple[Execution, int], ...]:
    """(policy, side) in the order of first use, `then` followed; policies that nothing uses come last, as sales."""
    idle = unused(document)
    rest = [(policy, EXIT_SIDE) for policy in document.execution if policy.name.value in idle]
    return (*((policy, side) for (_, side), policy in _used(document).items()), *rest)


def unused(document: Document) -> frozenset[str]:
    """Policies that no rule uses, directly or through `then`."""
    return frozenset(e.name.value for e in document.execution) - {name for name, _ in _used(document)}


def _used(document: Document) -> dict[tuple[str, int], Execution]:
    policies = {e.name.value: e for e in reversed(document.execution)}
    found: dict[tuple[str, int], Execution] = {}
    wanted = [(r.execute, r.side.value) for r in document.entries] + [(r.execute, EXIT_SIDE) for r in document.exits]
    for name, side in wanted:
        policy = policies.get(name.value) if name else None
        while policy is not None and (policy.name.value, side) not in found:
            found[policy.name.value, side] = policy
            policy = policies.get(policy.then.value) if policy.then else None
    return found
