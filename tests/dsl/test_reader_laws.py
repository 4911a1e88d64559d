"""Laws of the reader: YAML and JSON of one document mean the same; no bytes raise; both YAML parsers agree."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flashc.dsl.defaults import explain_defaults
from flashc.dsl.document_reader import read_document
from flashc.dsl.meaning import meaning, same_meaning
from flashc.dsl.source import Source
from flashc.dsl.yaml_reader import load, read
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

EXAMPLE = (Path(__file__).parent.parent / "data" / "strategies" / "btc_micro_trend.yaml").read_text(encoding="utf-8")
NO_DEADLINE = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])

# --- random documents: nested mappings and lists whose leaves are expressions ---------------------------------------

names = st.from_regex(r"[a-z]{2,6}_[0-9]", fullmatch=True)
atoms = st.sampled_from(
    ["close", "pos.entry", "3", "1.5 bps", "60 USDC", "2 ticks", "prev(x, 0)", "mid@1m", "true", "x[2]"]
)
operators = st.sampled_from(["+", "-", "*", "/", "??", "<", "and", "or"])
expressions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, operators, inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
        st.tuples(inner, inner).map(lambda t: f"ema({t[0]}, {t[1]})"),
        inner.map(lambda t: f"not ({t})"),
        inner.map(lambda t: f"-({t})"),
        st.tuples(inner, inner, inner).map(lambda t: f"if {t[0]} then {t[1]} else {t[2]}"),
    ),
    max_leaves=6,
)
values = st.dictionaries(names, expressions, min_size=1, max_size=4)
durations = st.sampled_from(["1s", "20ms", "5m", "900ms"])
rules = st.one_of(
    expressions,
    st.lists(expressions, min_size=1, max_size=3),
    st.fixed_dictionaries({"when": st.one_of(values, st.lists(expressions, min_size=1, max_size=3), expressions)}),
)
parameters = st.one_of(
    st.sampled_from(["12", "0.5", "true", "4m", "1.5 bps"]),
    st.fixed_dictionaries(
        {"default": st.just("5")},
        optional={"in": st.sampled_from(["1..9", "0 .. 10"]), "sweep": st.sampled_from(["true", "false"])},
    ),
)
printable = st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=["Zl", "Zp", "Cc"])
documents = st.fixed_dictionaries(
    {
        "flash": st.just("1"),
        "strategy": names,
        "trade": st.sampled_from(["BTC/USDC", "ETH/USDC"]),
        "decide": st.one_of(
            st.sampled_from(["1m", "book", "250ms"]),
            st.fixed_dictionaries({"clock": st.just("book")}, optional={"min_gap": durations}),
        ),
        "size": expressions,
        "entries": st.dictionaries(names, rules, min_size=1, max_size=3),
    },
    optional={
        "doc": st.text(printable, min_size=1).filter(lambda text: bool(text.strip())),
        "exits": st.dictionaries(names, rules, max_size=3),
        "let": values,
        "labels": values,
        "constraints": values,
        "params": st.dictionaries(names, parameters, max_size=3),
        "use": st.lists(names, max_size=2),
        "risk": st.fixed_dictionaries(
            {}, optional={"position": st.fixed_dictionaries({"max": expressions}), "invariants": values}
        ),
    },
)  # fmt: skip


def yaml_lines(data: Any, styles: list[int], depth: int = 0) -> list[str]:
    """Block YAML; `styles` picks how each scalar is written."""
    pad = "  " * depth
    lines: list[str] = []
    for key, value in data.items() if isinstance(data, dict) else ((None, item) for item in data):
        head = pad + ("-" if key is None else f"{key}:")
        if isinstance(value, str):
            lines += [head + " " + part if n == 0 else part for n, part in enumerate(scalar(value, pad, styles, key))]
        elif not value:
            lines.append(head + (" {}" if isinstance(value, dict) else " []"))
        else:
            lines += [head + "   # note", *yaml_lines(value, styles, depth + 1)]
    return lines


def scalar(text: str, pad: str, styles: list[int], key: str | None) -> list[str]:
    if key == "doc":
        return [json.dumps(text, ensure_ascii=False)]
    style = styles[0]
    styles.append(styles.pop(0))
    broken = [f"{pad}    {word}" for word in text.split(" ")]
    if style == 0 or text.startswith("-"):
        return [f'"{text}"']
    if style == 1:
        return ["|   # note", *broken]
    if style == 2:
        return [">-", *broken]
    if style == 3:
        return [f"'{text}'"]
    return [text + "   # note"]


@NO_DEADLINE
@given(documents, st.lists(st.integers(0, 4), min_size=1, max_size=7))
def test_yaml_and_json_of_one_document_mean_the_same(data: dict[str, Any], styles: list[int]) -> None:
    text = "\n".join(yaml_lines(data, styles)) + "\n"
    written, found = read_document(Source("f.yaml", text))
    assert not list(found), text
    twin, found = read_document(Source("f.json", json.dumps(data)))
    assert not list(found)
    assert written is not None
    assert twin is not None
    assert same_meaning(written, twin)


@NO_DEADLINE
@given(documents, st.lists(st.integers(0, 4), min_size=1, max_size=7))
def test_both_yaml_parsers_give_equal_trees(data: dict[str, Any], styles: list[int]) -> None:
    source = Source("f", "\n".join(yaml_lines(data, styles)))
    assert read(source)[0] == read(source, pure=True)[0]


@NO_DEADLINE
@given(documents)
def test_the_long_form_means_the_same(data: dict[str, Any]) -> None:
    source = Source("f", json.dumps(data))
    before, _ = read_document(source)
    after, found = read_document(Source("long", explain_defaults(source)))
    assert not list(found)
    assert before is not None
    assert after is not None
    assert same_meaning(before, after)


# --- nothing raises -----------------------------------------------------------------------------------------------


def read_bytes(data: bytes) -> None:
    source, bag = load("f", data)
    if source is None:
        assert bag.errors
        return
    document, bag = read_document(source)
    assert document is not None or bag.errors
    for diagnostic in bag:
        assert diagnostic.primary is not None
        assert diagnostic.primary.span.end <= len(source.text)


@NO_DEADLINE
@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    read_bytes(data)


@NO_DEADLINE
@given(st.text(alphabet="abc:-?#[]{}&*!|>'\"%@` \n\t,0129.()é\r<~", max_size=80))
def test_no_text_of_yaml_characters_raises(text: str) -> None:
    read_bytes(text.encode())


@NO_DEADLINE
@given(st.integers(0, len(EXAMPLE)), st.integers(0, 30), st.text(alphabet="ab:-#[]{}&*|>'\" \n\t,0.()\\", max_size=6))
def test_no_edit_of_a_real_file_raises(at: int, length: int, text: str) -> None:
    read_bytes((EXAMPLE[:at] + text + EXAMPLE[at + length :]).encode())


nodes = st.recursive(
    st.sampled_from(["", "a", "1", "x y", "a +", "true"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["when", "default", "in", "clock", "style", "long", "max", "then", "is", "args", "expect", "z 1"]
            ),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=8,
)
KEYS = [
    "flash", "strategy", "doc", "venue", "instruments", "trade", "decide", "warmup", "capital", "use", "params",
    "constraints", "fn", "let", "labels", "entries", "exits", "size", "execution", "risk", "tests", "models",
]  # fmt: skip


@settings(NO_DEADLINE, max_examples=200)
@given(st.dictionaries(st.sampled_from(KEYS), nodes))
def test_no_shape_of_a_document_raises(data: dict[str, Any]) -> None:
    read_bytes(json.dumps({"flash": "1", "strategy": "s", "trade": "BTC/USDC", "decide": "1m", **data}).encode())


# --- expressions in braces ----------------------------------------------------------------------------------------


@NO_DEADLINE
@given(expressions)
def test_an_expression_in_braces_is_the_same_one_or_is_refused(text: str) -> None:
    head = "flash: 1\nstrategy: s\ntrade: BTC/USDC\ndecide: 1m\nsize: 9 USDC\nentries: {long: a}\n"
    block, _ = read_document(Source("f", f"{head}let:\n  x: {text}\n"))
    flow, found = read_document(Source("f", f"{head}let: {{x: {text}, z: b}}\n"))
    refused = [d.code for d in found]
    if any(mark in text for mark in ",[]"):
        assert refused
    else:
        assert not refused
        assert block is not None
        assert flow is not None
        assert same_meaning_of_lets(block, flow)


def same_meaning_of_lets(block: Any, flow: Any) -> bool:
    return len(flow.lets) == 2 and bool(meaning(block.lets[0]) == meaning(flow.lets[0]))
