"""Which execution policies are used, and in which direction: a policy that buys is not the same policy selling."""

from __future__ import annotations

from ...dsl.document import Document, Execution

#: The direction of the order that leaves a position: entries buy, so exits sell.
EXIT_SIDE = -1


def uses(document: Document) -> tuple[tuple[Execution, int], ...]:
    """(policy, side) in the order of first use, `then` followed; policies that nothing uses come last, as buys."""
    policies = {e.name.value: e for e in reversed(document.execution)}
    found: dict[tuple[str, int], Execution] = {}
    wanted = [(r.execute, r.side.value) for r in document.entries] + [(r.execute, EXIT_SIDE) for r in document.exits]
    for name, side in wanted:
        policy = policies.get(name.value) if name else None
        while policy is not None and (policy.name.value, side) not in found:
            found[policy.name.value, side] = policy
            policy = policies.get(policy.then.value) if policy.then else None
    used = {name for name, _ in found}
    rest = [(policy, 1) for name, policy in policies.items() if name not in used]
    return (*((policy, side) for (_, side), policy in found.items()), *reversed(rest))
