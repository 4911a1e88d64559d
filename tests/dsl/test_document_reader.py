from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from flashc.dsl.ast import Expr, Name, Quantity
from flashc.dsl.cst import Mapping, Node, Sequence
from flashc.dsl.diagnostics import Diagnostics
from flashc.dsl.document import Document, Located
from flashc.dsl.document_reader import read_document
from flashc.dsl.expression_parser import parse_expression
from flashc.dsl.meaning import meaning, same_meaning
from flashc.dsl.source import Source
from flashc.dsl.yaml_reader import load, read

STRATEGIES = Path(__file__).parent.parent / "data" / "strategies"
LONG = ("btc_micro_trend", "revert_two")
FRAME = "flash: 1\nstrategy: s\ntrade: BTC/USDC\ndecide: 1m\nsize: 100 USDC\n"


def strategy(name: str) -> Source:
    source, bag = load(f"{name}.yaml", (STRATEGIES / f"{name}.yaml").read_bytes())
    assert source is not None
    assert not list(bag)
    return source


def clean(text: str) -> Document:
    document, bag = read_document(Source("f", text))
    assert not list(bag), [d.message for d in bag]
    assert document is not None
    return document


def expressions(value: object) -> Iterator[Expr]:
    """Every expression node anywhere inside a value, outer ones first."""
    if isinstance(value, tuple):
        for item in value:
            yield from expressions(item)
    elif is_dataclass(value) and not isinstance(value, type):
        if isinstance(value, Expr):
            yield value
        for field in fields(value):
            yield from expressions(getattr(value, field.name))


def located(value: object) -> Iterator[Located[object]]:
    if isinstance(value, tuple):
        for item in value:
            yield from located(item)
    elif is_dataclass(value) and not isinstance(value, type):
        if isinstance(value, Located):
            yield value
        for field in fields(value):
            yield from located(getattr(value, field.name))


def as_json(source: Source) -> str:
    """The same document as JSON, made from the CST: all scalars are strings."""

    def plain(node: Node) -> object:
        if isinstance(node, Mapping):
            return {entry.key.value: plain(entry.value) for entry in node.entries}
        if isinstance(node, Sequence):
            return [plain(item) for item in node.items]
        text = source.slice(node.content) if "#" in node.value else node.value
        return " ".join(line.partition("#")[0].strip() for line in text.strip().splitlines())

    root, _ = read(source)
    assert root is not None
    return json.dumps(plain(root), indent="\t")


# --- the examples -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*LONG, "ema_cross"])
def test_an_example_reads_without_a_finding(name: str) -> None:
    document, bag = read_document(strategy(name))
    assert not list(bag)
    assert document is not None
    assert document.strategy.value == name


@pytest.mark.parametrize("name", LONG)
def test_every_expression_of_an_example_is_the_slice_of_its_span(name: str) -> None:
    source = strategy(name)
    document, _ = read_document(source)
    assert document is not None
    seen = 0
    for expr in expressions(document):
        if isinstance(expr, Quantity) and expr.span == expr.unit_span:
            continue  # the start capital is not in the file
        text = source.slice(expr.span)
        again = parse_expression(Source("slice", text), Source("slice", text).span(0, len(text)), Diagnostics())
        assert meaning(again) == meaning(expr), text
        seen += 1
    assert seen > 60


@pytest.mark.parametrize("name", LONG)
def test_every_written_value_of_an_example_is_the_slice_of_its_span(name: str) -> None:
    source = strategy(name)
    document, _ = read_document(source)
    for value in located(document):
        if value.written and isinstance(value.value, str):
            assert source.slice(value.span) == value.value


@pytest.mark.parametrize("name", [*LONG, "ema_cross"])
def test_the_json_twin_of_an_example_means_the_same(name: str) -> None:
    source = strategy(name)
    document, _ = read_document(source)
    twin, bag = read_document(Source("twin.json", as_json(source)))
    assert not list(bag)
    assert document is not None
    assert twin is not None
    assert same_meaning(document, twin)


@pytest.mark.parametrize("name", LONG)
def test_crlf_line_ends_do_not_change_the_meaning(name: str) -> None:
    source = strategy(name)
    document, _ = read_document(source)
    twin, bag = read_document(Source("f", source.text.replace("\n", "\r\n")))
    assert not list(bag)
    assert meaning(document) == meaning(twin)


def test_the_long_example_is_read_completely() -> None:
    document, _ = read_document(strategy("btc_micro_trend"))
    assert document is not None
    assert [i.symbol.value for i in document.instruments] == ["BTC/USDC", "ETH/USDC"]
    assert document.decide.clock.name == "book"
    assert isinstance(document.decide.min_gap, Quantity)
    assert [(p.name.value, p.type.value, p.sweep) for p in document.params][-1] == ("hold_max", "duration", False)
    assert [rule.name.value for rule in document.exits] == ["stop", "target", "decay", "age"]
    assert document.entries[0].clauses[0].name.value == "trend"
    assert document.functions[0].args[0][1].value == "qty<i>"
    assert document.risk is not None
    assert document.risk.stale is not None
    assert [name.value for name, _ in document.risk.stale.inputs] == ["book", "eth.book", "trade"]
    assert document.risk.order_rate is not None
    assert document.risk.order_rate.max.value == 8
    assert [test.name.value for test in document.tests] == ["stop_wins_over_age", "march_tape"]


# --- short forms --------------------------------------------------------------------------------------------------


def test_a_traded_symbol_declares_an_instrument_with_its_base_as_alias() -> None:
    document = clean(FRAME + "entries: {long: a}\n")
    (instrument,) = document.instruments
    assert (instrument.alias.value, instrument.alias.written) == ("btc", False)
    assert document.trade[0].value == "btc"


def test_a_traded_symbol_that_has_an_alias_uses_it() -> None:
    document = clean(FRAME + "instruments: {coin: BTC/USDC}\nentries: {long: a}\n")
    assert [i.alias.value for i in document.instruments] == ["coin"]
    assert document.trade[0].value == "coin"


def test_several_symbols_may_be_traded() -> None:
    document = clean(FRAME.replace("BTC/USDC", "[BTC/USDC, ETH/USDC]") + "entries: {long: a}\n")
    assert [alias.value for alias in document.trade] == ["btc", "eth"]


def test_an_expression_is_a_rule_with_one_clause_of_its_name() -> None:
    document = clean(FRAME + "entries:\n  long: a > b\nexits: {out: c}\n")
    assert [c.name.value for c in document.entries[0].clauses] == ["long"]
    assert [c.name.value for c in document.exits[0].clauses] == ["out"]


def test_clauses_of_a_list_are_numbered() -> None:
    document = clean(FRAME + "entries: {long: [a, b]}\nexits: {out: {when: [c, d]}}\n")
    assert [c.name.value for c in document.entries[0].clauses] == ["1", "2"]
    assert [c.name.value for c in document.exits[0].clauses] == ["1", "2"]


def test_the_size_of_the_file_is_the_size_of_every_entry_without_one() -> None:
    document = clean(FRAME + "entries: {long: a, big: {when: b, size: 200 USDC}}\n")
    sizes = [rule.size for rule in document.entries]
    assert sizes[0] is document.size
    assert isinstance(sizes[1], Quantity)
    assert sizes[1].value == 200


def test_an_entry_without_any_size_is_reported_at_its_name() -> None:
    source = Source("f", FRAME.replace("size: 100 USDC\n", "") + "entries: {long: a, b: {when: c, size: 1 USDC}}\n")
    _, bag = read_document(source)
    assert [(d.code, source.slice(d.primary.span)) for d in bag if d.primary] == [("FC0009", "long")]


@pytest.mark.parametrize(
    ("clock", "policy"),
    [("1m", "market"), ("1s", "market"), ("250ms", "market"), ("book", "cross"), ("trade", "cross")],
)
def test_the_default_policy_follows_the_clock(clock: str, policy: str) -> None:
    document = clean(FRAME.replace("1m", clock) + "entries: {long: a}\nexits: {out: b}\n")
    assert document.entries[0].execute is not None
    assert document.entries[0].execute.value == policy
    assert [e.name.value for e in document.execution] == [policy]


def test_cross_is_an_ioc_order_at_the_far_side() -> None:
    document = clean(FRAME.replace("1m", "book") + "entries: {long: a}\n")
    (cross,) = document.execution
    assert cross.style.value == "ioc"
    assert isinstance(cross.price, Name)
    assert cross.price.name == "far_side"


def test_a_policy_of_the_file_is_not_replaced() -> None:
    document = clean(FRAME + "entries: {long: a}\nexecution: {market: {style: limit, price: close}}\n")
    assert [(e.name.value, e.style.value) for e in document.execution] == [("market", "limit")]


@pytest.mark.parametrize(
    ("literal", "type_"),
    [
        ("12", "int"),
        ("-12", "int"),
        ("0.5", "real"),
        ("1e-3", "real"),
        ("true", "bool"),
        ("4m", "duration"),
        ("1.5 bps", "ratio"),
        ("3 ticks", "price"),
        ("64_000 USDC/BTC", "price"),
        ("60 USDC", "notional"),
        ("0.01 BTC", "qty"),
    ],
)
def test_the_type_of_a_short_parameter_comes_from_its_literal(literal: str, type_: str) -> None:
    (param,) = clean(FRAME + f"entries: {{long: a}}\nparams: {{p: {literal}}}\n").params
    assert (param.type.value, param.type.written, param.sweep, param.low) == (type_, False, False, None)


def test_a_range_has_two_ends_with_their_own_places() -> None:
    text = FRAME + "entries: {long: a}\nparams: {p: {default: 1 bps, in: 0 bps .. 8 bps}}\n"
    document, bag = read_document(Source("f", text))
    assert document is not None
    assert not list(bag)
    low, high = document.params[0].low, document.params[0].high
    assert low is not None
    assert high is not None
    assert [text[e.span.start : e.span.end] for e in (low, high)] == ["0 bps", "8 bps"]


def test_only_a_rule_called_short_is_short_by_default() -> None:
    document = clean(FRAME + "entries: {long: a, short: b, x: {when: c, side: short}, z: {when: d, side: long}}\n")
    assert [rule.side.value for rule in document.entries] == [1, -1, -1, 1]


def test_what_is_left_out_is_filled_in_and_marked() -> None:
    document = clean(FRAME + "entries: {long: a}\n")
    assert (document.venue.value, document.venue.written) == ("mexc.spot", False)
    assert (document.settle.value, document.settle.written) == (Decimal("1e-6"), False)
    assert isinstance(document.capital_start, Quantity)
    assert (document.capital_start.value, document.capital_start.unit) == (10_000, "USDC")
    assert document.risk is None


def test_settle_to_the_last_bit_is_no_number() -> None:
    assert clean(FRAME + "entries: {long: a}\nwarmup: {settle: bits}\n").settle.value is None


def test_an_event_clock_may_name_its_instrument() -> None:
    clock = clean(FRAME.replace("1m", "eth.book") + "entries: {long: a}\n").decide.clock
    assert (clock.instrument, clock.name) == ("eth", "book")


def test_a_blank_in_a_clock_has_a_safe_fix() -> None:
    document, bag = read_document(Source("f", FRAME.replace("1m", "1 m") + "entries: {long: a}\n"))
    assert [(d.code, len(d.fixes)) for d in bag] == [("FC0105", 1)]
    assert document is not None


def test_errors_in_values_still_give_a_document() -> None:
    document, bag = read_document(Source("f", FRAME + "entries: {long: a}\nlet:\n  x: 1 +\n  y: 2\n"))
    assert bag.errors
    assert document is not None
    assert [let.name.value for let in document.lets] == ["y"]


def test_a_duplicate_key_is_reported_and_the_first_value_is_kept() -> None:
    document, bag = read_document(Source("f", FRAME + "entries: {long: a}\nlet:\n  x: 1\n  x: 2\n"))
    assert [d.code for d in bag] == ["FC0003"]
    assert document is not None
    assert len(document.lets) == 1


def test_expressions_of_tests_are_parsed() -> None:
    source = Source("f", FRAME + "entries: {long: a}\ntests:\n  t:\n    expect:\n      - never: a +\n")
    _, bag = read_document(source)
    assert [d.code for d in bag] == ["FC0101"]
