"""How diagnostics look: the samples of the language guide, by golden file, and the corners of the layout."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from flashc.dsl.diagnostics import Diagnostic, Edit, Fix, Label, Safety
from flashc.dsl.render import concise, github, text
from flashc.dsl.render import json as json_render
from flashc.dsl.render.canvas import width
from flashc.dsl.source import Source, Span
from hypothesis import given
from hypothesis import strategies as st

PATH = "strategies/btc_micro_trend.flash.yaml"


def file(**lines: str) -> Source:
    """A file with the given lines (`_41="..."`), everything else empty."""
    wanted = {int(key[1:]): line for key, line in lines.items()}
    return Source(PATH, "\n".join(wanted.get(n, "") for n in range(1, max(wanted) + 2)))


def label(source: Source, line: int, part: str, says: str = "") -> Label:
    at = source.text.index(source.line_text(line)) + source.line_text(line).index(part)
    return Label(source.span(at, at + len(part)), says)


def unknown_name() -> tuple[Source, Diagnostic]:
    source = file(_61="      pressure: presure > press_min")
    primary = label(source, 61, "presure", "not defined in this file, in std, or by btc")
    fix = Fix("did you mean `pressure`, defined at line 41?", Safety.SAFE, (Edit(primary.span, "pressure"),))
    return source, Diagnostic("FC0102", "no value called `presure`", primary, fixes=(fix,))


def two_clocks() -> tuple[Source, Diagnostic]:
    source = file(_41="  pressure: ema(lean(bid_depth(5), ask_depth(5)) * regime, 12)")
    whole = label(source, 41, "lean(bid_depth(5), ask_depth(5)) * regime")
    edits = (Edit(whole.span, "(lean(bid_depth(5), ask_depth(5)) * regime)@50ms"),)
    title = "say which: `ema((lean(bid_depth(5), ask_depth(5)) * regime)@50ms, 12)`"
    return source, Diagnostic(
        "FC0304",
        "a window of 12 counts ticks of two different clocks",
        label(source, 41, "12", "12 of which?"),
        secondary=(
            label(source, 41, "lean(bid_depth(5), ask_depth(5))", "ticks on btc.book"),
            label(source, 41, "regime", "ticks on btc.5m"),
        ),
        notes=(
            "pointwise operators may mix clocks (the slower side is held); "
            "windows and other stateful operators may not",
        ),
        fixes=(Fix(title, Safety.PLACEHOLDER, edits),),
    )


def two_dimensions() -> tuple[Source, Diagnostic]:
    source = file(
        _62="      edge: |",
        _63="        edge + 0.5 * lead > edge_min",
        _64="          and microprice(3) - mid > 2 bps   # book lean",
    )
    whole = label(source, 64, "microprice(3) - mid")
    edits = (Edit(whole.span, "(microprice(3) - mid) / mid"),)
    return source, Diagnostic(
        "FC0201",
        "cannot compare a price with a ratio",
        label(source, 64, ">"),
        secondary=(
            label(source, 64, "microprice(3) - mid", "price, USDC per BTC"),
            label(source, 64, "2 bps", "ratio"),
        ),
        notes=("`bps` is a pure number (1 bps = 0.0001); a price difference is not",),
        fixes=(Fix("divide by a price: `(microprice(3) - mid) / mid > 2 bps`", Safety.UNSAFE, edits),),
        helps=("or compare in price: `microprice(3) - mid > 2 ticks`",),
    )


def may_be_absent() -> tuple[Source, Diagnostic]:
    source = file(
        _39="  trend:    (ema(close, fast) - ema(close, slow))@1m / atr14",
        _59="      trend:    trend > 0.25",
    )
    made = label(source, 39, "/", "absent when atr14 is 0, as it is after motionless bars")
    end = source.text.index("atr14") + len("atr14")
    edits = (Edit(source.span(end, end), " ?? 0.0"),)
    used = Span(PATH, source.text.index("trend > 0.25"), source.text.index("trend > 0.25") + 5)
    return source, Diagnostic(
        "FC0401",
        "this clause may have no value",
        Label(used, "ratio? (optional)"),
        secondary=(made,),
        fixes=(Fix("give a fallback where the value is made: `... / atr14 ?? 0.0`", Safety.PLACEHOLDER, edits),),
        helps=("or require presence in the rule: `present(trend) and trend > 0.25`",),
    )


def negative_index() -> tuple[Source, Diagnostic]:
    source = file(_40="  regime:   efficiency(close[-1], 30)@5m")
    return source, Diagnostic(
        "FC0301",
        "history index looks into the future",
        label(source, 40, "-1", "-1 bars ago is the bar that closes next"),
        notes=("indices count backwards: 0 is the last closed bar, 1 the one before it",),
        helps=("the forming bar is `forming(5m).close`; it ticks with trades and is the same live and in replay",),
    )


def too_small() -> tuple[Source, Diagnostic]:
    source = file(_66="    size: clamp(2 USDC * (p_up / 0.56), 0.5 USDC, 120 USDC)")
    return source, Diagnostic(
        "FC0503",
        "this order can be too small for the venue",
        label(source, 66, "clamp", "result lies in [0.5 USDC, 3.5715 USDC]"),
        notes=("mexc.spot pins the minimum notional of BTC/USDC at 1 USDC (flash.lock)",),
        helps=("raise the lower bound to at least 1.1 USDC, or add `below_min: skip` to state the intent",),
    )


def always_true() -> tuple[Source, Diagnostic]:
    source = file(_64="      calm:     spread >= 0 ticks")
    return source, Diagnostic(
        "FL102",
        "this clause is always true",
        label(source, 64, "spread >= 0 ticks", "spread is never below 1 tick on an accepted book"),
        helps=("delete the clause, or write the bound you meant",),
    )


SAMPLES = [unknown_name, two_clocks, two_dimensions, may_be_absent, negative_index, too_small, always_true]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.__name__)
def test_a_sample_looks_as_in_the_guide(
    sample: Callable[[], tuple[Source, Diagnostic]], golden: Callable[[str, str], None]
) -> None:
    source, diagnostic = sample()
    golden(f"render/{sample.__name__}.txt", text.render(diagnostic, {PATH: source}))


def test_all_samples_in_the_other_formats(golden: Callable[[str, str], None]) -> None:
    pairs = [sample() for sample in SAMPLES]
    golden("render/concise.txt", "".join(concise.render(d, {PATH: s}) for s, d in pairs))
    golden("render/two_clocks.json", json_render.render(pairs[1][1], {PATH: pairs[1][0]}))
    golden("render/two_clocks.ansi", text.render(pairs[1][1], {PATH: pairs[1][0]}, color=True))


def shown(source: Source, primary: Label, secondary: Iterable[Label] = (), **more: object) -> list[str]:
    diagnostic = Diagnostic("FC0101", "message", primary, secondary=tuple(secondary), **more)  # type: ignore[arg-type]
    return text.render(diagnostic, {source.path: source}).splitlines()


def test_a_wide_or_combining_character_keeps_the_marks_in_place() -> None:
    source = Source("f", "doc: 日本 e\u0301 x")
    assert shown(source, label(source, 1, "x", "here"))[3:] == ["1 | doc: 日本 e\u0301 x", "  |             ^ here"]


def test_a_tab_takes_four_columns_and_control_characters_are_shown_as_pictures() -> None:
    source = Source("f", "a\tb\x1bc")
    assert shown(source, label(source, 1, "c", "here"))[3:] == ["1 | a    b␛c", "  |        ^ here"]


def test_the_end_of_the_line_can_be_marked() -> None:
    source = Source("f", "a +\n")
    assert shown(source, Label(source.span(3, 3), "expected a value"))[3:] == ["1 | a +", "  |    ^ expected a value"]


def test_a_long_line_is_cut_around_the_mark() -> None:
    source = Source("f", "x: " + "a + " * 200 + "b" + " + c" * 200)
    line, marks = shown(source, label(source, 1, "b", "here"))[3:]
    assert line.startswith("1 | …")
    assert line.endswith("…")
    assert width(line) < 160
    assert line[marks.index("^")] == "b"


def test_a_span_over_lines_is_marked_on_each() -> None:
    source = Source("f", "x: |\n  a +\n  b\ny: 1\n")
    assert shown(source, Label(source.span(7, 14), "all of it"))[3:] == [
        "1 | x: |",
        "2 |   a +",
        "  |   ^^^",
        "3 |   b",
        "  |   ^ all of it",
    ]


def test_a_span_over_many_lines_shows_the_first_and_the_last() -> None:
    source = Source("f", "\n".join(f"line{n}" for n in range(1, 10)))
    assert shown(source, Label(source.span(0, len(source.text)), "all"))[3:] == [
        "1 | line1",
        "  | ^^^^^",
        "...",
        "9 | line9",
        "  | ^^^^^ all",
    ]


def test_a_label_in_another_file_is_shown_below() -> None:
    one, two = Source("a.yaml", "use: b"), Source("b.yaml", "x: 1")
    diagnostic = Diagnostic("FC0111", "message", label(one, 1, "b"), secondary=(label(two, 1, "x", "defined here"),))
    assert text.render(diagnostic, {"a.yaml": one, "b.yaml": two}).splitlines()[4:] == [
        "  |      ^",
        " ::: b.yaml:1:1",
        "  |",
        "1 | x: 1",
        "  | - defined here",
    ]


def test_a_finding_without_text_names_its_place() -> None:
    diagnostic = Diagnostic("FC1004", "rows are out of order", None, where="bars.csv, row 17", notes=("one\ntwo",))
    assert text.render(diagnostic, {}).splitlines() == [
        "error[FC1004]: rows are out of order",
        " --> bars.csv, row 17",
        "  = note: one",
        "          two",
    ]
    assert concise.render(diagnostic, {}) == "bars.csv, row 17: error[FC1004] rows are out of order\n"


def test_at_most_twenty_of_one_file_are_shown() -> None:
    source = Source("f", "x" * 30)
    many = [Diagnostic("FC0101", f"m{n}", Label(source.span(n, n + 1))) for n in range(23)]
    out = text.render(many, {"f": source})
    assert out.count("error[") == 20
    assert out.endswith("... and 3 more in f\n")
    assert concise.render(many, {"f": source}).count("\n") == 21
    assert len(json.loads(json_render.render(many, {"f": source}))["diagnostics"]) == 23


def test_nothing_found_prints_nothing() -> None:
    assert text.render([], {}) == concise.render([], {}) == ""


def test_color_changes_no_text() -> None:
    for source, diagnostic in (sample() for sample in SAMPLES):
        colored = text.render(diagnostic, {PATH: source}, color=True)
        for code in ("\x1b[0m", "\x1b[1m", "\x1b[34m", "\x1b[1;31m", "\x1b[1;33m", "\x1b[1;34m", "\x1b[1;36m"):
            colored = colored.replace(code, "")
        assert colored == text.render(diagnostic, {PATH: source})


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=4))
def test_any_labels_on_any_text_can_be_rendered(body: str, places: list[tuple[int, int]]) -> None:
    source = Source("f", body)
    labels = [
        Label(Span("f", min(a, b, len(body)), min(max(a, b), len(body))), f"label {n}")
        for n, (a, b) in enumerate(places)
    ]
    diagnostic = Diagnostic("FC0101", "m", labels[0], secondary=tuple(labels[1:]))
    out = text.render(diagnostic, {"f": source})
    assert all(entry.text in out for entry in labels)
    assert json.loads(json_render.render(diagnostic, {"f": source}))["version"] == 1


def test_golden_samples_are_those_of_the_guide() -> None:
    folder = Path(__file__).parents[1] / "golden" / "render"
    assert {path.stem for path in folder.glob("*.txt")} == {*(sample.__name__ for sample in SAMPLES), "concise"}


def test_annotations_escape_what_the_runner_would_read() -> None:
    source = Source("a,b:c.yaml", "x\ny\n")
    found = Diagnostic("FC0001", "100 % wrong", Label(source.span(0, 3), "here\r"), notes=("a::b",))
    warning = Diagnostic("FL101", "unused", Label(source.span(0, 1)))
    assert github.render([warning, found], {source.path: source}).splitlines() == [
        "::error file=a%2Cb%3Ac.yaml,line=1,col=1,title=FC0001::100 %25 wrong: here%0D%0Anote: a::b",
        "::warning file=a%2Cb%3Ac.yaml,line=1,col=1,endLine=1,endColumn=2,title=FL101::unused",
    ]
    nowhere = Diagnostic("FC1004", "rows are out of order", None, where="bars.csv, row 17")
    assert github.render(nowhere, {}) == "::error file=bars.csv,title=FC1004::rows are out of order\n"
    binary = Diagnostic("FC0001", "the file is not UTF-8 text", None, where="a, b.yaml, byte 21 (line 2)")
    said = "::error file=a%2C b.yaml,line=2,title=FC0001::the file is not UTF-8 text\n"
    assert github.render(binary, {}) == said
