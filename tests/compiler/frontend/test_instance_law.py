"""In company or alone, an instrument means the same: the law of instances, on every strategy of the repository."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flashc.compiler.ir.hir import Checked, Instance
from support.checking import checked

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted([*(ROOT / "strategies").glob("*.yaml"), *(ROOT / "tests" / "data" / "strategies").glob("*.flash.yaml")])
FILES = [
    path for path in FILES if "allocate:" not in path.read_text(encoding="utf-8")
]  # it names who trades in company
BOTH = "instruments: {btc: BTC/USDC, eth: ETH/USDC}\n"


def traded(text: str, aliases: str) -> str:
    """The file with both instruments declared, trading `aliases`."""
    text = re.sub(r"^instruments:.*\n(?:  .*\n)*", "", text, flags=re.M)
    return re.sub(r"^trade:.*$", f"{BOTH}trade: {aliases}", text, count=1, flags=re.M)


def text_of(path: Path) -> str:
    """The file without amounts of one coin, which mean nothing for the other; a bare 0 fits both."""
    text = re.sub(r"\b0 (?:USDC/)?(?:BTC|ETH)\b", "0", path.read_text(encoding="utf-8"))
    return re.sub(r"0\.00[0-9]* BTC", "60 USDC", text)


class Meaning:
    """What a node is, with everything below it, as one number; equal numbers are equal meanings."""

    def __init__(self, table: dict[object, int]) -> None:
        self.table = table

    def of(self, result: Checked, node: int, seen: dict[int, int]) -> int:
        if node in seen:
            return seen[node]
        made, facts = result.graph[node], result.facts
        seen[node] = -1 - len(seen)  # a cycle through `prev` is named by the order of the walk
        below = tuple(self.of(result, a, seen) for a in made.args)
        known = (facts.types.get(node), facts.clocks.get(node), facts.intervals.get(node), facts.qualifiers.get(node))
        shape = (made.op, made.span, tuple(sorted((k, repr(v)) for k, v in made.attrs.items())), below, known)
        seen[node] = self.table.setdefault(shape, len(self.table))
        return seen[node]


def meanings(result: Checked, one: Instance, table: dict[object, int]) -> list[int]:
    """The roots of one instance in order: rules, policies, limits."""
    nodes: list[int | None] = []
    for rule in (*one.entries, *one.exits):
        nodes += [*(c.node for c in rule.clauses), *rule.weights, rule.size, rule.cooldown]
    for policy in one.policies:
        nodes += [policy.price, policy.ttl, policy.requote_when, policy.then]
    risk = one.risk
    nodes += [risk.position_max, risk.order_max, risk.band_max, risk.band_reference, *(c.node for c in risk.invariants)]
    seen: dict[int, int] = {}
    return [Meaning(table).of(result, n, seen) for n in nodes if n is not None]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_instance_in_company_is_the_strategy_alone(path: Path) -> None:
    text = text_of(path)
    pair = checked(traded(text, "[btc, eth]"))
    table: dict[object, int] = {}
    for one, padding in zip(pair.instances, ("[btc]     ", "[eth]     "), strict=True):
        alone = checked(traded(text, padding))
        assert [i.alias for i in alone.instances] == [one.alias]
        assert meanings(pair, one, table) == meanings(alone, alone.instances[0], table)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_does_not_depend_on_the_instrument_is_there_once(path: Path) -> None:
    pair = checked(traded(text_of(path), "[btc, eth]"))
    params = [n.attrs["name"] for n in pair.graph.nodes if n.op == "param"]
    assert len(params) == len(set(params))
