"""The formatter: what it changes, what it leaves, and that it never changes the meaning."""

from __future__ import annotations

from pathlib import Path

import pytest
from flashc.dsl.diagnostic_codes import CODES
from flashc.dsl.document_reader import read_document
from flashc.dsl.edits import apply_edits
from flashc.dsl.formatter import FormatResult, format_source
from flashc.dsl.meaning import same_meaning
from flashc.dsl.source import Source
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
FILES = [
    *sorted((ROOT / "tests" / "data" / "strategies").glob("*.yaml")),
    *sorted((ROOT / "strategies").glob("*.yaml")),
    *sorted((ROOT / "dsl" / "templates").glob("*.yaml")),
]
EXAMPLES = [row.right for row in CODES.values() if row.right.startswith("flash:")]

HEAD = "flash: 1\nstrategy: x\ntrade: BTC/USDC\ndecide: 1m\n"
TAIL = "entries:\n  long: up\nexits:\n  out: close < open\nsize: 60 USDC\n"


def formatted(text: str) -> FormatResult:
    result = format_source(Source("f.yaml", text))
    assert not result.problems, [d.message for d in result.problems]
    assert apply_edits(text, result.edits) == result.text
    return result


def let(expression: str) -> str:
    return f"{HEAD}let:\n  up: {expression}\n{TAIL}"


@pytest.mark.parametrize(
    "text", [p.read_text() for p in FILES] + EXAMPLES, ids=[p.stem for p in FILES] + [""] * len(EXAMPLES)
)
def test_formatting_keeps_the_meaning_and_is_done_after_once(text: str) -> None:
    before, found = read_document(Source("f.yaml", text))
    if found.errors:
        pytest.skip("a file of a later release")
    result = formatted(text)
    after, _ = read_document(Source("f.yaml", result.text))
    assert before is not None
    assert after is not None
    assert same_meaning(before, after)
    assert not formatted(result.text).changed


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("close>open", "close > open"),
        ("close  >  open", "close > open"),
        ("ema( close ,12 )>open", "ema(close, 12) > open"),
        ("close [ 1 ] > open", "close[1] > open"),
        ("0 < -  close+ -open", "0 < -close + -open"),
        ("not( a )and(b)", "not (a) and (b)"),
        ("f ( x , n = 3 )", "f(x, n=3)"),
        ("close @ 1 m > open@ 5m", "close@1m > open@5m"),
        ("pos . gain > 5bps", "pos.gain > 5 bps"),
        ("x > 3ticks + 250 ms", "x > 3 ticks + 250ms"),
        ("x > 64_000 USDC / BTC", "x > 64_000 USDC/BTC"),
        ("close / open*2", "close / open * 2"),
        ("a??0.0>b", "a ?? 0.0 > b"),
        ("if a then b   else  c", "if a then b else c"),
        ("'close>open'", "'close > open'"),
    ],
)
def test_expressions_get_even_spacing(wrong: str, right: str) -> None:
    assert formatted(let(wrong)).text == let(right)


def test_line_breaks_and_comments_inside_an_expression_stay() -> None:
    wrong = let("|\n    if close>open   # up\n        # really\n      then  1\n      else   0")
    right = let("|\n    if close > open   # up\n        # really\n      then 1\n      else 0")
    assert formatted(wrong).text == right


def test_params_stand_in_columns_in_the_order_of_the_schema() -> None:
    wrong = (
        "params:\n"
        "  slow: {in: 10..120,default: 34,    type: int, sweep: true}   # the slow one\n"
        "  f: { type: real, default: 0.18, sweep: true}\n"
        "  hold_max:  {type: duration, default: 4m,      in: 30s..15m}\n"
        "  plain: 4\n"
    )
    right = (
        "params:\n"
        "  slow:     {type: int,      default: 34,   in: 10..120, sweep: true}   # the slow one\n"
        "  f:        {type: real,     default: 0.18,              sweep: true}\n"
        "  hold_max: {type: duration, default: 4m,   in: 30s..15m}\n"
        "  plain: 4\n"
    )
    assert formatted(HEAD + wrong + TAIL.replace("up", "close > open")).text == HEAD + right + TAIL.replace(
        "up", "close > open"
    )


def test_keys_move_with_the_comments_above_them() -> None:
    wrong = (
        "# the whole file\n\n"
        "strategy: x\n"
        "# about the edition\n"
        "flash: 1\n"
        "size: 60 USDC   # small\n"
        "decide: 1m\n"
        "trade: BTC/USDC\n\n"
        "exits:\n"
        "  second: close < open\n"
        "  # kept in this order\n"
        "  first: close < low[1]\n"
        "entries:\n"
        "  long:\n"
        "    cooldown: 3s\n"
        "    # why\n"
        "    when: close > open"
    )
    right = (
        "# the whole file\n\n"
        "# about the edition\n"
        "flash: 1\n"
        "strategy: x\n"
        "trade: BTC/USDC\n"
        "decide: 1m\n"
        "entries:\n"
        "  long:\n"
        "    # why\n"
        "    when: close > open\n"
        "    cooldown: 3s\n\n"
        "exits:\n"
        "  second: close < open\n"
        "  # kept in this order\n"
        "  first: close < low[1]\n"
        "size: 60 USDC   # small\n"
    )
    assert formatted(wrong).text == right


def test_blank_lines_and_line_ends_are_tidied_but_texts_are_not() -> None:
    wrong = HEAD + "doc: |\n  one  \n\n\n  two\n\n\n\n" + TAIL.replace("up", "close > open   ") + "\n\n"
    result = formatted(wrong).text
    assert "one  \n\n\n  two\n" in result
    assert "\n\n\n\n" not in result
    assert result.endswith("size: 60 USDC\n")


def test_other_flow_blocks_are_spaced_evenly() -> None:
    wrong = HEAD + TAIL.replace("up", "close > open") + "risk:\n  position:   {shared: false,max: 400 USDC}\n"
    assert "  position:   {max: 400 USDC, shared: false}\n" in formatted(wrong).text


def test_a_file_with_errors_is_left_alone() -> None:
    text = let("close >>  open")
    result = format_source(Source("f.yaml", text))
    assert (result.text, result.edits) == (text, ())
    assert [d.code for d in result.problems] == ["FC0101"]


@given(st.data())
def test_shuffled_keys_come_back_in_order(data: st.DataObject) -> None:
    text = (ROOT / "tests" / "data" / "strategies" / "ema_cross.yaml").read_text()
    blocks: list[str] = []
    for line in text.splitlines(keepends=True):
        if line.startswith(" "):
            blocks[-1] += line
        else:
            blocks.append(line)
    shuffled = "".join(data.draw(st.permutations(blocks)))
    once = formatted(shuffled).text
    order = [line.split(":")[0] for line in once.splitlines() if line and not line.startswith(" ")]
    assert order == ["flash", "strategy", "trade", "decide", "params", "let", "entries", "exits", "size"]
    assert not formatted(once).changed


@given(st.data())
def test_comments_blank_lines_and_removed_lines_never_make_it_refuse_or_waver(data: st.DataObject) -> None:
    lines = (ROOT / "tests" / "data" / "strategies" / "revert_two.yaml").read_text().splitlines()
    extra = st.sampled_from(["", "  ", "# note", "  # note", "      # note  ", "\t"])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(lines)))
        change = data.draw(st.sampled_from(["insert", "remove", "space", "swap"]))
        if change == "insert":
            lines.insert(at, data.draw(extra))
        elif change == "remove" and at < len(lines):
            del lines[at]
        elif change == "space" and at < len(lines):
            lines[at] += "  "
        elif change == "swap" and at + 1 < len(lines):
            lines[at], lines[at + 1] = lines[at + 1], lines[at]
    text = "\n".join(lines)
    result = format_source(Source("f.yaml", text))
    assert "FC0908" not in {d.code for d in result.problems}
    if not result.problems:
        assert sum("# note" in line for line in result.text.splitlines()) == sum("# note" in line for line in lines)
        assert not formatted(result.text).changed


def test_a_json_file_stays_json() -> None:
    text = (
        '{"flash": 1, "strategy": "x", "trade": "BTC/USDC", "decide": {"min_gap": "20ms",  "clock": "1s"},\n'
        ' "entries": {"long": "close>open"}, "exits": {"out": "close < open"}, "size": "60 USDC"}\n'
    )
    result = formatted(text).text
    assert '"decide": {"clock": "1s", "min_gap": "20ms"}' in result
    assert '"long": "close > open"' in result
