"""Several traded instruments in one graph, and the rules, policies and limits of each."""

from __future__ import annotations

from collections.abc import Iterator

from flashc.compiler.ir.hir import Checked, Instance
from flashc.compiler.ir.types import Clock
from support.checking import checked, codes, strategy

PAIR = """\
flash: 1
strategy: pair
instruments: {btc: BTC/USDC, eth: ETH/USDC}
trade: [btc, eth]
decide: 1m
params: {fast: {type: int, default: 9, in: 2..20}}
let:
  own: ema(close, fast)
  lead: ret(btc.close, 5) - ret(eth.close, 5)
  ups: if close > open then prev(ups, 0) + 1 else 0
entries:
  long:
    when:
      up: close > own and ups >= 2
      apart: lead > 5 bps
exits:
  out: close < own
size: 100 USDC
risk: {position: {max: 400 USDC}, day_loss: {limit: 25 USDC}}
"""

QUOTES = """\
execution:
  join: {style: post_only, price: near_side, ttl: 2s, then: take, requote: {when: "near_side != order.price", at_most: 3}}
  take: {style: ioc, price: far_side, retries: 2}
"""


def fields(result: Checked, node: int) -> set[str]:
    """The fields below a node, as `btc.close`."""
    found: set[str] = set()
    todo, seen = [node], set()
    while todo:
        current = result.graph[todo.pop()]
        if current.op == "field":
            found.add(f"{current.attrs['instrument']}.{current.attrs['name']}")
        todo += [a for a in current.args if a not in seen]
        seen.update(current.args)
    return found


def clauses(one: Instance) -> Iterator[int]:
    return (clause.node for rule in (*one.entries, *one.exits) for clause in rule.clauses)


class TestTwoInstruments:
    result = checked(PAIR)

    def test_bare_fields_mean_the_instrument_of_the_instance(self) -> None:
        btc, eth = self.result.instances
        assert [one.alias for one in self.result.instances] == ["btc", "eth"]
        assert fields(self.result, btc.entries[0].clauses[0].node) == {"btc.close", "btc.open"}
        assert fields(self.result, eth.entries[0].clauses[0].node) == {"eth.close", "eth.open"}

    def test_each_decides_on_its_own_bars(self) -> None:
        assert [one.decision for one in self.result.instances] == [
            Clock("bar", "btc", 60 * 10**9),
            Clock("bar", "eth", 60 * 10**9),
        ]

    def test_what_names_its_instruments_is_computed_once(self) -> None:
        btc, eth = self.result.instances
        assert btc.lets["lead"] == eth.lets["lead"]
        assert btc.lets["own"] != eth.lets["own"]
        assert btc.entries[0].clauses[1].node == eth.entries[0].clauses[1].node

    def test_every_node_of_an_instance_has_its_facts(self) -> None:
        facts = self.result.facts
        for one in self.result.instances:
            for node in clauses(one):
                assert {
                    node
                } <= facts.types.keys() & facts.clocks.keys() & facts.intervals.keys() & facts.warmups.keys()

    def test_warm_up_terms_name_nodes_of_the_common_graph(self) -> None:
        _, eth = self.result.instances
        node = self.result.graph[eth.lets["own"]]
        ((clock, term),) = self.result.facts.warmups[node.id].per_clock
        assert clock == Clock("bar", "eth", 60 * 10**9)
        assert "settle" in repr(term)

    def test_arguments_precede_their_users_except_for_prev(self) -> None:
        for node in self.result.graph.nodes:
            assert all(a < node.id for a in (node.args[1:] if node.op == "prev" else node.args))

    def test_both_need_their_bars(self) -> None:
        assert [str(s.clock) for s in self.result.streams] == ["btc.1m", "eth.1m"]

    def test_limits_on_the_account_are_one_node(self) -> None:
        btc, eth = self.result.instances
        assert btc.risk.day_loss == eth.risk.day_loss
        assert btc.risk.day_loss is not None
        assert self.result.graph[btc.risk.day_loss.node].attrs["value"] == 25

    def test_a_mistake_in_both_is_reported_once(self) -> None:
        assert codes(PAIR.replace("close > own", "close > own * 1 tick")) == ["FC0201"]

    def test_state_is_counted_for_both(self) -> None:
        wide = strategy(let="slow: sma(close, 40_000)", long="close > slow")
        assert codes(wide) == []
        assert codes(wide.replace("trade: btc", "trade: [btc, eth]")) == ["FC0451"]


class TestPolicies:
    def result(self, decide: str, execute: str = "join", tail: str = QUOTES) -> Checked:
        rule = "when: mid > 0 USDC/BTC\n    execute: "
        text = strategy(decide=decide, long=f"\n    {rule}{execute}", out=f"\n    {rule}{execute}", tail=tail)
        return checked(text)

    def test_a_policy_has_a_version_for_each_direction_that_uses_it(self) -> None:
        result = self.result("book")
        policies = result.instances[0].policies
        assert [(p.name, p.side, p.then, p.retries) for p in policies] == [
            ("join", 1, 1, 0),
            ("take", 1, None, 2),
            ("join", -1, 3, 0),
            ("take", -1, None, 2),
        ]
        assert result.instances[0].entries[0].policy == 0
        assert result.instances[0].exits[0].policy == 2

    def test_near_side_and_far_side_are_bid_or_ask(self) -> None:
        result = self.result("book")
        prices = [result.graph[p.price].attrs["name"] for p in result.instances[0].policies if p.price is not None]
        assert prices == ["bid", "ask", "ask", "bid"]

    def test_a_requote_keeps_its_condition_and_its_limit(self) -> None:
        join = self.result("book").instances[0].policies[0]
        assert join.requote_when is not None
        assert join.requote_at_most == 3

    def test_without_execute_events_take_the_touch_and_clocks_send_market_orders(self) -> None:
        for decide, style in (("book", "ioc"), ("trade", "ioc"), ("250ms", "market"), ("1m", "market")):
            result = checked(strategy(decide=decide, long="mid > 0 USDC/BTC", out="mid > 9 USDC/BTC"))
            assert [p.style for p in result.instances[0].policies] == [style] * 2

    def test_a_side_without_a_direction_is_an_error(self) -> None:
        assert codes(strategy(let="best: near_side", long="best > 0 USDC/BTC")) == ["FC0403"]


class TestStreams:
    def streams(self, text: str) -> list[tuple[str, int, bool]]:
        return [(str(s.clock), s.depth, s.optional) for s in checked(text).streams]

    def test_bars_alone_need_no_book(self) -> None:
        assert self.streams(strategy()) == [("btc.1m", 0, False)]

    def test_a_timer_needs_the_book_of_what_is_traded(self) -> None:
        text = strategy(decide="250ms", long="close@1m > open@1m", out="close@1m < open@1m", tail="")
        assert self.streams(text) == [("btc.1m", 0, False), ("btc.book", 1, False), ("btc.trade", 0, True)]

    def test_another_instruments_book_brings_the_traded_one(self) -> None:
        text = strategy(long="eth.imbalance(4) > 0.1", tail="")
        assert self.streams(text) == [
            ("btc.1m", 0, False),
            ("btc.book", 1, False),
            ("btc.trade", 0, True),
            ("eth.book", 4, False),
        ]

    def test_a_guard_makes_trades_necessary(self) -> None:
        text = strategy(decide="book", long="mid > bid", out="mid < ask", tail="risk: {stale: {trade: 9s}}")
        assert self.streams(text) == [("btc.book", 1, False), ("btc.trade", 0, False)]

    def test_a_guard_of_what_is_no_input_asks_for_nothing(self) -> None:
        result = checked(strategy(tail="risk: {stale: {book: 1s, eth.book: 1s}}"))
        assert [str(s.clock) for s in result.streams] == ["btc.1m"]
        assert result.instances[0].risk.stale == ()

    def test_a_guard_of_an_unknown_stream_is_an_error(self) -> None:
        assert codes(strategy(tail="risk: {stale: {boook: 1s}}")) == ["FC0102"]

    def test_a_policy_that_nothing_uses_asks_for_nothing(self) -> None:
        text = strategy(tail="execution:\n  idle: {style: limit, price: near_side}\nrisk: {position: {max: 400 USDC}}")
        assert "FL101" in codes(text)
        assert self.streams(text) == [("btc.1m", 0, False)]
