"""Wrong keys and shapes: the code, the exact place, our own words."""

from __future__ import annotations

import pytest
from flashc.dsl.diagnostics import Diagnostic, Safety
from flashc.dsl.document_reader import read_document
from flashc.dsl.source import Source

FRAME = "flash: 1\nstrategy: s\ntrade: BTC/USDC\ndecide: 1m\nsize: 100 USDC\n"
ENTRY = "entries: {long: a}\n"


def findings(text: str) -> list[tuple[str, str]]:
    source = Source("f", text)
    _, bag = read_document(source)
    return [(d.code, source.slice(d.primary.span)) for d in bag if d.primary]


def only(text: str) -> Diagnostic:
    _, bag = read_document(Source("f", text))
    (found,) = bag
    return found


@pytest.mark.parametrize(
    ("extra", "code", "at"),
    [
        ("unknown: 1\n", "FC0004", "unknown"),
        ("params: {a: {default: 1, sweeep: true}}\n", "FC0004", "sweeep"),
        ("execution: {x: {style: ioc, prise: bid}}\n", "FC0004", "prise"),
        ("risk: {position: {max: 1 USDC, min: 2 USDC}}\n", "FC0004", "min"),
        ("exits: {out: {when: a, cooldown: 1s}}\n", "FC0004", "cooldown"),
        ("params: {a: {sweep: true}}\n", "FC0009", "a"),
        ("execution: {x: {price: bid}}\n", "FC0009", "x"),
        ("exits: {out: {execute: market}}\n", "FC0009", "out"),
        ("risk: {order_rate: {max: 3}}\n", "FC0009", "order_rate"),
        ("let:\n", "FC0010", "let"),
        ("let: 1\n", "FC0010", "1"),
        ("let: {a: {b: c}}\n", "FC0010", "a"),
        ("let: {a: [b]}\n", "FC0010", "a"),
        ("let: {a: }\n", "FC0010", "a"),
        ("let: {2a: b}\n", "FC0010", "2a"),
        ("use: std.flow\n", "FC0010", "std.flow"),
        ("use: [a, [b]]\n", "FC0010", "[b]"),
        ("execution: {x: {style: maker}}\n", "FC0010", "maker"),
        ("params: {a: {default: 1, in: 4}}\n", "FC0010", "4"),
        ("params: {a: {default: 1, sweep: maybe}}\n", "FC0010", "maybe"),
        ("params: {a: {default: 1, type: float}}\n", "FC0010", "float"),
        ("params: {a: []}\n", "FC0010", "a"),
        ("params: {a: f(b, c)}\n", "FC0005", "f(b, c)"),
        ('params: {a: "b + c"}\n', "FC0010", "b + c"),
        ("exits: {out: {when: {a: b, c: {}}}}\n", "FC0010", "c"),
        ("exits: {out: []}\n", "FC0010", "out"),
        ("exits: {out: {when: {}}}\n", "FC0010", "when"),
        ("exits: {out: {when: []}}\n", "FC0010", "when"),
        ("risk: {band: 3}\n", "FC0010", "3"),
        ("execution: {x: {style: limit, retries: many}}\n", "FC0010", "many"),
        ("risk: {stale: {book: 1s, then: sleep}}\n", "FC0010", "sleep"),
        ("warmup: {settle: little}\n", "FC0010", "little"),
        ("warmup: {settle: 2}\n", "FC0218", "2"),
        ("instruments: {eth: ethusdc}\n", "FC0010", "ethusdc"),
        ("models: {m: {file: x.onnx}}\n", "FC0907", "models"),
        ("external: {}\n", "FC0907", "external"),
        ("risk: {notional: 5 USDC}\n", "FC0010", "5 USDC"),
        ("exits: {out: {when: a, once: true}}\n", "FC0010", "once"),
        ("risk: {losing_streak: {max: 3, then: pause}}\n", "FC0010", "pause"),
        ("capital: {allocate: 1}\n", "FC0010", "1"),
        ("tests: {t: {expect: [{never: a, whithin: 1s}]}}\n", "FC0004", "whithin"),
    ],
)
def test_each_mistake_has_its_code_at_its_place(extra: str, code: str, at: str) -> None:
    assert (code, at) in findings(FRAME + ENTRY + extra)


@pytest.mark.parametrize("key", ["flash", "strategy", "trade", "decide", "entries"])
def test_a_missing_top_level_key_is_named(key: str) -> None:
    lines = [line for line in (FRAME + ENTRY).splitlines(keepends=True) if not line.startswith(key)]
    found = only("".join(lines))
    assert found.code == "FC0009"
    assert f"`{key}`" in found.message


@pytest.mark.parametrize("text", [FRAME + "entries: {}\n", FRAME.replace("BTC/USDC", "[]") + ENTRY])
def test_no_entries_and_no_instruments_are_said_so(text: str) -> None:
    found = only(text)
    assert found.code == "FC0010"
    assert found.message.endswith("is empty")


@pytest.mark.parametrize(
    ("keys", "code", "message"),
    [
        ("when: a, add: true", "FC0009", "`long` lacks the key `at_most`"),
        ("when: a, at_most: 3", "FC0010", "`at_most` has no meaning here"),
        ("when: a, at_least: 3", "FC0010", "`at_least` has no meaning here"),
        ("when: a, require: b", "FC0010", "`require` has no meaning here"),
        ("score: {x: {when: a, weight: 1}}", "FC0009", "`long` lacks the key `at_least`"),
        ("score: {x: {when: a, weight: 1}}, at_least: 1, when: b", "FC0010", "`when` has no meaning here"),
        ("score: {x: {when: a}}, at_least: 1", "FC0009", "`x` lacks the key `weight`"),
        ("cooldown: 1h", "FC0009", "`long` lacks the key `when`"),
    ],
)
def test_keys_of_an_entry_need_or_exclude_each_other(keys: str, code: str, message: str) -> None:
    found = only(FRAME + f"entries: {{long: {{{keys}}}}}\n")
    assert (found.code, found.message) == (code, message)


def test_a_near_miss_of_a_key_has_a_safe_fix() -> None:
    found = only(FRAME + ENTRY + "exit: {out: a}\n")
    (fix,) = found.fixes
    assert fix.safety is Safety.SAFE
    assert [edit.text for edit in fix.edits] == ["exits"]


def test_the_fix_of_a_quoted_key_keeps_the_quotes() -> None:
    source = Source("f", FRAME + ENTRY + '"exit": {out: a}\n')
    _, bag = read_document(source)
    assert [source.slice(edit.span) for d in bag for fix in d.fixes for edit in fix.edits] == ["exit"]


def test_a_key_that_is_already_there_is_not_suggested() -> None:
    found = only(FRAME + ENTRY + "entrys: {}\n")
    assert not found.fixes


def test_a_mistyped_key_is_reported_once_and_then_read_as_meant() -> None:
    text = FRAME.replace("decide", "decied") + ENTRY + "exit: {out: a}\nexecution: {x: {styl: ioc}}\n"
    document, bag = read_document(Source("f", text))
    assert [d.code for d in bag] == ["FC0004"] * 3
    assert document is not None
    assert [rule.name.value for rule in document.exits] == ["out"]
    assert document.execution[0].style.value == "ioc"


def test_a_wrong_word_lists_the_right_ones_and_offers_the_nearest() -> None:
    found = only(FRAME + ENTRY + "execution: {x: {style: postonly, price: bid}}\n")
    assert "`post_only`" in found.message
    assert found.fixes[0].edits[0].text == "post_only"


def test_what_yaml_would_take_for_null_or_a_date_is_just_text() -> None:
    assert findings(FRAME + "entries:\n  long: null\nlet: {a: 010, b: 1e3, c: true}\n") == []


def test_a_parameter_may_be_called_like_a_key_of_its_block() -> None:
    assert findings(FRAME + ENTRY + "params:\n  in: {default: 1, in: 1..2}\n  type: 3\n  sweep: 4\n") == []


def test_all_independent_errors_come_in_one_run() -> None:
    text = (
        FRAME.replace("decide: 1m", "decide: 1x")
        + "entries: {long: {size: 1 USDC}}\nlet: {a: f(1, 2), b: 2 +}\nfoo: 1\n"
    )
    assert [code for code, _ in findings(text)] == [
        "FC0105",
        "FC0009",
        "FC0005",
        "FC0101",
        "FC0004",
    ]


def test_another_edition_is_the_only_thing_said() -> None:
    found = only("flash: 7\nstrategie: x\nlet: []\n")
    assert found.code == "FC0906"


def test_no_wording_of_the_validation_library_is_shown() -> None:
    text = (
        "flash: x\nstrategy: []\ntrade: {}\ndecide: []\nentries: 3\nlet: [1]\nparams: {a: {in: {}}}\nrisk: 1\nuse: {}\n"
    )
    _, bag = read_document(Source("f", text))
    shown = " ".join(" ".join((d.message, *d.helps, *d.notes)) for d in bag)
    assert len(bag) >= 9
    for word in ("Input", "valid", "dictionary", "instance", "Field required", "<block>", "Extra"):
        assert word not in shown
