"""Whole sessions with a real client: what an editor sees while someone works on a strategy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

pytest.importorskip("pygls")

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from support.editor import Editor, applied
from support.strategies import EMA_CROSS

STRATEGY = """flash: 1
strategy: session
instruments: {btc: BTC/USDC, eth: ETH/USDC}
trade: btc
decide: 1m
use: [std.flow]
params:
  fast: {type: int, default: 12, in: 4..30}
  slow: 26
  far: 20 bps
  patience: {type: duration, default: 4m, in: 1m..60m}
fn:
  lean:
    args: {x: real, z: real}
    is: (x - z) / (x + z) ?? 0.0
let:
  quick: ema(close, fast)
  calm: ema(close, slow)
  apart: (quick - calm) / calm
  leaning: lean(volume / 1 BTC, 2.0)
  bands: bbands(close, 20)
  wide: zscore(close, 20)
entries:
  long:
    when:
      crossed: cross_up(quick, calm)
      near: apart < far
    size: 100 USDC
    execute: quiet
exits:
  out: cross_dn(quick, calm)
  late: pos.age > patience
execution:
  quiet: {style: market}
# tests
"""
TESTS = """\
  crosses:
    rows:
      - {t: 0m, quick: 99 USDC/BTC, calm: 100 USDC/BTC, close: 100 USDC/BTC}
      - {t: 1m, quick: 101 USDC/BTC}
    expect:
      - at: 0m
        holds: true
      - always: true
"""
LINES = STRATEGY.splitlines()


def line_of(text: str, part: str) -> tuple[int, int]:
    """Line and column where `part` begins."""
    at = text.index(part)
    return text.count("\n", 0, at), at - (text.rfind("\n", 0, at) + 1)


@pytest.fixture(scope="module")
def editor() -> Iterator[Editor]:
    capabilities = lsp.ClientCapabilities(
        text_document=lsp.TextDocumentClientCapabilities(
            completion=lsp.CompletionClientCapabilities(
                completion_item=lsp.ClientCompletionItemOptions(snippet_support=True)
            )
        )
    )
    made = Editor(capabilities=capabilities)
    yield made
    assert made.quit() == 0


@pytest.fixture
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return (tmp_path / "session.yaml").as_uri()


def codes(editor: Editor, uri: str, version: int | None = None) -> list[str]:
    return [str(d.code) for d in editor.findings(uri, version) if d.severity == lsp.DiagnosticSeverity.Error]


class TestFindings:
    def test_a_good_file_has_none(self, editor: Editor, uri: str) -> None:
        editor.open(uri, STRATEGY)
        assert codes(editor, uri) == []

    def test_they_follow_each_edit(self, editor: Editor, uri: str) -> None:
        editor.open(uri, STRATEGY)
        line, column = line_of(STRATEGY, "cross_up(quick")
        assert codes(editor, uri, editor.insert(uri, line, column + 9, "quik", removed=5)) == ["FC0102"]
        (found,) = (d for d in editor.findings(uri) if d.code == "FC0102")
        assert found.range == lsp.Range(lsp.Position(line, column + 9), lsp.Position(line, column + 13))
        assert "did you mean `quick`" in found.message
        assert codes(editor, uri, editor.insert(uri, line, column + 9, "quick", removed=4)) == []

    def test_columns_count_utf16_units_by_default(self, editor: Editor, uri: str) -> None:
        assert editor.greeting.capabilities.position_encoding == "utf-16"
        text = '{"doc": "😀 𝛼", "flash": 1, "strategy": "s", "trade": "BTC/USDC", "decide": "1m", "size": "9 USDC", "exits": {"out": "close < open"}, "entries": {"long": "close > oben"}}'
        editor.open(uri, text)
        (found,) = (d for d in editor.findings(uri) if d.code == "FC0102")
        column = text.index("oben") + 2  # two characters before it count two each
        assert (found.range.start.character, found.range.end.character) == (column, column + 4)
        assert codes(editor, uri, editor.insert(uri, 0, column, "open", removed=4)) == []
        assert editor.hover(uri, 0, column + 1).startswith("**open**")

    def test_lines_may_end_with_carriage_returns(self, editor: Editor, uri: str) -> None:
        editor.open(uri, STRATEGY.replace("\n", "\r\n"))
        assert codes(editor, uri) == []
        line, _ = line_of(STRATEGY, "crossed:")
        end = len(LINES[line])
        assert codes(editor, uri, editor.insert(uri, line, end, " and nothing")) == ["FC0102"]
        (found,) = (d for d in editor.findings(uri) if d.code == "FC0102")
        assert (found.range.start, found.range.end) == (lsp.Position(line, end + 5), lsp.Position(line, end + 12))

    def test_other_files_get_none(self, editor: Editor, tmp_path: Path) -> None:
        other, strategy = (tmp_path / "compose.yaml").as_uri(), (tmp_path / "s.yaml").as_uri()
        editor.open(other, "services:\n  web: {image: x}\n")
        editor.open(strategy, STRATEGY)
        editor.findings(strategy)
        assert other not in editor.published
        assert editor.hover(other, 0, 1) == ""
        assert editor.completions(other, 0, 0) == {}

    def test_a_file_that_stops_being_a_strategy_loses_them(self, editor: Editor, uri: str) -> None:
        editor.open(uri, STRATEGY.replace("quick - calm", "quik - calm"))
        assert codes(editor, uri) == ["FC0102"]
        assert codes(editor, uri, editor.replace(uri, "services: {}\n")) == []

    def test_a_closed_file_loses_them(self, editor: Editor, uri: str) -> None:
        editor.open(uri, STRATEGY.replace("quick - calm", "quik - calm"))
        assert codes(editor, uri) == ["FC0102"]
        editor.close(uri)
        other = uri.replace("session", "other")
        editor.open(other, STRATEGY)
        editor.findings(other)
        assert editor.published[uri].diagnostics == ()

    def test_only_the_last_of_many_versions_counts(self, editor: Editor, uri: str) -> None:
        editor.open(uri, STRATEGY)
        for n in range(40):
            editor.replace(uri, STRATEGY.replace("20 bps", f"{n} bps"))
        last = editor.replace(uri, STRATEGY.replace("quick - calm", "quik - calm"))
        assert codes(editor, uri, last) == ["FC0102"]

    def test_json_is_read_as_well(self, editor: Editor, tmp_path: Path) -> None:
        name = (tmp_path / "s.json").as_uri()
        text = '{"flash": 1, "strategy": "s", "trade": "BTC/USDC", "decide": "1m", "entries": {"long": "close > oben"}}'
        editor.open(name, text, "json")
        assert "FC0102" in codes(editor, name)

    def test_related_places_and_unused_values_are_marked(self, editor: Editor, uri: str) -> None:
        text = STRATEGY.replace("  wide: zscore", "  quick: 1.0\n  wide: zscore").replace(
            "strategy: session", "strategy: s"
        )
        editor.open(uri, text)
        found = {str(d.code): d for d in editor.findings(uri)}
        (related,) = found["FC0003"].related_information or ()
        assert related.location.range.start == lsp.Position(*line_of(text, "quick:"))
        editor.replace(uri, STRATEGY)
        unused = next(d for d in editor.findings(uri) if d.code == "FL101")
        assert unused.tags == (lsp.DiagnosticTag.Unnecessary,)


class TestHover:
    @pytest.mark.parametrize(
        ("part", "inside", "wanted"),
        [
            (
                "quick: ema",
                0,
                ["quick: ema(close, fast)", "price, USDC per BTC", "ticks on btc.1m", "warm after", "state"],
            ),
            ("ema(close, fast)", 1, ["ema(x: a, n: length) -> a", "Exponential average"]),
            ("close, fast", 0, ["the last price of the closed bar", "price, USDC per BTC"]),
            ("fast)", 0, ["fast: 12", "a parameter", "[4, 30]"]),
            ("lean(volume", 0, ["lean(x: real, z: real)", "function of this file"]),
            ("x + z", 0, ["x: real", "argument of `lean`"]),
            ("pos.age", 5, ["time since the first fill", "duration"]),
            ("20 bps", 3, ["1 bps = 0.0001"]),
            ("decide:", 2, ["**decide** (required)", "When rules are evaluated"]),
            ("market}", 1, ["takes whatever is there"]),
            ("btc\ndecide", 1, ["BTC/USDC", "tick", "least order"]),
            ("quiet\nexits", 1, ["an execution policy"]),
            ("wide:", 0, ["ratio?", "may be absent"]),
            ("patience:", 0, ["duration", "[1m, 1h]"]),
        ],
    )
    def test_it_says_what_is_known(self, editor: Editor, uri: str, part: str, inside: int, wanted: list[str]) -> None:
        editor.open(uri, STRATEGY)
        line, column = line_of(STRATEGY, part)
        text = editor.hover(uri, line, column + inside)
        assert [word for word in wanted if word not in text] == [], text

    def test_a_code_in_a_comment_is_explained(self, editor: Editor, uri: str) -> None:
        editor.open(uri, STRATEGY + "# see FC0304\n")
        assert "FC0304" in editor.hover(uri, len(LINES), 8)

    def test_a_broken_file_remembers_what_its_names_meant(self, editor: Editor, uri: str) -> None:
        editor.open(uri, STRATEGY)
        editor.findings(uri)
        editor.replace(uri, STRATEGY + "\n  : broken [\n")
        assert "FC0001" in codes(editor, uri)
        line, column = line_of(STRATEGY, "cross_dn(quick")
        assert "USDC per BTC" in editor.hover(uri, line, column + 10)

    def test_tests_say_what_fired_asks(self, editor: Editor, uri: str) -> None:
        text = STRATEGY.replace("# tests", "tests:\n" + TESTS.replace("always: true", "always: fired(exits.out)"))
        editor.open(uri, text)
        line, column = line_of(text, "fired(")
        assert editor.hover(uri, line, column + 2).startswith("**fired**: whether the rule fired")

    def test_nothing_is_said_about_nothing(self, editor: Editor, uri: str) -> None:
        editor.open(uri, STRATEGY + "\n\n")
        assert editor.hover(uri, len(LINES) + 1, 0) == ""
        assert editor.hover(uri, 4_000_000, 4_000_000) == ""


class TestCompletion:
    def complete(self, editor: Editor, uri: str, old: str, new: str) -> dict[str, lsp.CompletionItem]:
        """The completions at `¦` after replacing `old` by `new` in the strategy."""
        editor.open(uri, STRATEGY)
        editor.findings(uri)
        text = STRATEGY.replace(old, new, 1)
        at = line_of(text, "¦")
        editor.replace(uri, text.replace("¦", ""))
        return editor.completions(uri, *at)

    def test_the_other_side_of_a_comparison_decides_the_unit(self, editor: Editor, uri: str) -> None:
        found = self.complete(editor, uri, "apart < far", "close > ¦")
        assert {"quick", "calm", "open", "ema", "atr", "mid"} <= found.keys()
        assert not {"fast", "far", "patience", "apart", "wide", "rsi", "volume", "n_trades"} & found.keys()

    def test_durations_fit_durations(self, editor: Editor, uri: str) -> None:
        found = self.complete(editor, uri, "pos.age > patience", "pos.age > ¦")
        assert "patience" in found
        assert not {"quick", "far", "close", "rsi"} & found.keys()

    def test_units_follow_numbers(self, editor: Editor, uri: str) -> None:
        assert {"m", "s", "ms"} <= self.complete(editor, uri, "pos.age > patience", "pos.age > 5¦").keys()
        found = self.complete(editor, uri, "apart < far", "apart < 5 ¦")
        assert {"bps", "pct"} <= found.keys()
        assert not {"ms", "USDC", "ticks"} & found.keys()

    def test_a_windows_length_is_a_parameter(self, editor: Editor, uri: str) -> None:
        found = self.complete(editor, uri, "wide: zscore(close, 20)", "wide: zscore(close, ¦)")
        assert found.keys() == {"fast", "slow"}

    def test_a_window_over_two_clocks_is_not_offered(self, editor: Editor, uri: str) -> None:
        found = self.complete(
            editor, uri, "wide: zscore(close, 20)", "hourly: ema(close, 9)@1h\n  wide: corr(quick, ¦)"
        )
        assert "calm" in found
        with_hour = STRATEGY.replace("  wide:", "  hourly: ema(close, 9)@1h\n  wide:")
        editor.replace(uri, with_hour)
        editor.findings(uri)
        text = with_hour.replace("zscore(close, 20)", "corr(quick, ¦, 20)")
        at = line_of(text, "¦")
        editor.replace(uri, text.replace("¦", ""))
        found = editor.completions(uri, *at)
        assert "calm" in found
        assert "hourly" not in found

    @pytest.mark.parametrize(
        ("old", "new", "wanted", "unwanted"),
        [
            ("pos.age > patience", "pos.¦", {"age", "gain", "entry"}, {"close"}),
            ("apart < far", "eth.¦", {"mid", "close", "bid_depth"}, {"quick"}),
            ("apart < far", "close < bands.¦", {"upper", "lower"}, {"close"}),
            ("apart < far", "close@¦", {"1m", "book", "(eth.book)"}, {"close"}),
            ("lean(volume", "flow.¦", {"lean"}, {"close"}),
            ("x - z", "¦", {"x", "z"}, set()),
            ("style: market", "style: ¦", {"post_only", "ioc", "market"}, {"close"}),
            ("execute: quiet", "execute: ¦", {"quiet"}, {"close"}),
            ("type: int", "type: ¦", {"int", "ratio"}, {"close"}),
            ("[std.flow]", "[¦]", {"std.flow"}, {"close"}),
            ("    execute: quiet", "    ¦", {"cooldown", "add", "below_min"}, {"when", "size", "close"}),
            ("entries:\n", "¦\nentries:\n", {"risk", "size", "tests"}, {"let", "entries"}),
            ("  out: cross_dn", "  ¦\n  out: cross_dn", {"stop"}, {"out"}),
            ("decide: 1m", "decide: ¦", {"1m", "book"}, {"close"}),
            ("trade: btc", "trade: ¦", {"btc", "eth", "BTC/USDC"}, {"close"}),
            ("style: market}", "style: market, ¦}", {"price", "ttl"}, {"style"}),
            ("# tests", "tests:\n" + TESTS.replace("{t: 1m, quick", "{t: 1m, ¦, quick"), {"calm", "close"}, {"quick"}),
            ("# tests", "tests:\n" + TESTS.replace("always: true", "¦"), {"at", "never"}, {"close"}),
            ("# tests", "tests:\n" + TESTS.replace("holds: true", "¦"), {"holds", "within"}, {"at"}),
            ("# tests", "tests:\n" + TESTS.replace("always: true", "always: fired(exits.¦"), {"out", "late"}, {"long"}),
        ],
    )
    def test_the_place_decides(
        self, editor: Editor, uri: str, old: str, new: str, wanted: set[str], unwanted: set[str]
    ) -> None:
        found = self.complete(editor, uri, old, new)
        assert wanted <= found.keys()
        assert not unwanted & found.keys()

    def test_a_new_file_is_completed_as_it_is_typed(self, editor: Editor, uri: str) -> None:
        text = "flash: 1\nstrategy: s\ntrade: BTC/USDC\ndecide: 1m\nlet:\n  quick: ema(close, 12)\n  wide: rsi(close)\n"
        text += "entries:\n  long: quick > "
        editor.open(uri, text)
        editor.findings(uri)
        found = editor.completions(uri, 8, len("  long: quick > "))
        assert {"quick", "close"} <= found.keys()
        assert not {"wide", "volume", "n_trades"} & found.keys()

    def test_rules_come_as_snippets(self, editor: Editor, uri: str) -> None:
        item = self.complete(editor, uri, "entries:\n", "entries:\n  ¦\n")["long"]
        assert item.insert_text_format == lsp.InsertTextFormat.Snippet
        assert "${1:name}" in item.text_edit.new_text

    def test_comments_are_left_alone(self, editor: Editor, uri: str) -> None:
        assert self.complete(editor, uri, "trade: btc", "# a comment ¦\ntrade: btc") == {}

    def test_every_prefix_of_a_file_can_be_completed(self, editor: Editor, uri: str) -> None:
        """A file as it is typed: nothing is thrown, whatever is missing."""
        editor.open(uri, STRATEGY)
        for end in range(0, len(STRATEGY), 29):
            text = STRATEGY[:end]
            editor.replace(uri, text)
            editor.completions(uri, text.count("\n"), end - (text.rfind("\n") + 1))
        assert codes(editor, uri, editor.replace(uri, STRATEGY)) == []

    def test_the_signature_follows_the_arguments(self, editor: Editor, uri: str) -> None:
        editor.open(uri, STRATEGY)
        line, column = line_of(STRATEGY, "20)\nentries")
        params = lsp.SignatureHelpParams(**editor.at(uri, line, column))
        found = editor.ask(lsp.TEXT_DOCUMENT_SIGNATURE_HELP, params)
        assert found.signatures[0].label.startswith("zscore(")
        assert found.active_parameter == 1


class TestNames:
    def definition(self, editor: Editor, uri: str, part: str, inside: int = 0) -> lsp.Location | None:
        line, column = line_of(STRATEGY, part)
        params = lsp.DefinitionParams(**editor.at(uri, line, column + inside))
        return editor.ask(lsp.TEXT_DOCUMENT_DEFINITION, params)

    @pytest.mark.parametrize(
        ("use", "inside", "definition"),
        [
            ("quick, calm)\n      near", 0, "quick: ema"),
            ("fast)\n", 1, "fast: {type"),
            ("lean(volume", 2, "lean:\n"),
            ("x + z", 0, "x: real"),
            ("btc\ndecide", 0, "btc: BTC"),
            ("quiet\nexits", 0, "quiet: {style"),
        ],
    )
    def test_a_use_leads_to_its_definition(
        self, editor: Editor, uri: str, use: str, inside: int, definition: str
    ) -> None:
        editor.open(uri, STRATEGY)
        found = self.definition(editor, uri, use, inside)
        assert found is not None
        assert found.uri == uri
        assert found.range.start == lsp.Position(*line_of(STRATEGY, definition))

    def test_a_module_function_leads_into_the_module(self, editor: Editor, uri: str) -> None:
        text = STRATEGY.replace("lean(volume / 1 BTC, 2.0)", "flow.lean(volume, volume)")
        editor.open(uri, text)
        line, column = line_of(text, "flow.lean")
        found = editor.ask(lsp.TEXT_DOCUMENT_DEFINITION, lsp.DefinitionParams(**editor.at(uri, line, column + 6)))
        assert found.uri.endswith("/flow.yaml")
        module = Path(unquote(found.uri.removeprefix("file://"))).read_text().splitlines()
        assert module[found.range.start.line][found.range.start.character :].startswith("lean")

    def test_references_are_all_uses(self, editor: Editor, uri: str) -> None:
        editor.open(uri, STRATEGY)
        line, column = line_of(STRATEGY, "calm: ema")
        context = lsp.ReferenceContext(include_declaration=False)
        params = lsp.ReferenceParams(**editor.at(uri, line, column), context=context)
        found = editor.ask(lsp.TEXT_DOCUMENT_REFERENCES, params)
        assert len(found) == STRATEGY.count("calm") - 1
        marks = editor.ask(
            lsp.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, lsp.DocumentHighlightParams(**editor.at(uri, line, column))
        )
        assert len(marks) == STRATEGY.count("calm")

    def rename(self, editor: Editor, uri: str, part: str, new: str) -> str:
        line, column = line_of(STRATEGY, part)
        params = lsp.RenameParams(**editor.at(uri, line, column), new_name=new)
        edit = editor.ask(lsp.TEXT_DOCUMENT_RENAME, params)
        return applied(STRATEGY, list(edit.changes[uri]))

    def test_a_rename_changes_every_use(self, editor: Editor, uri: str) -> None:
        editor.open(uri, STRATEGY)
        assert self.rename(editor, uri, "calm: ema", "steady") == STRATEGY.replace("calm", "steady")

    def test_an_argument_is_renamed_in_its_function_only(self, editor: Editor, uri: str) -> None:
        editor.open(uri, STRATEGY)
        text = self.rename(editor, uri, "x: real", "left")
        assert "args: {left: real, z: real}" in text
        assert "is: (left - z) / (left + z) ?? 0.0" in text
        assert "exits:" in text

    @pytest.mark.parametrize(
        ("part", "new", "why"),
        [
            ("calm: ema", "quick", "already the name of a value"),
            ("calm: ema", "close", "FC0107"),
            ("calm: ema", "prev", "a name of the language"),
            ("calm: ema", "not", "a name of the language"),
            ("calm: ema", "two words", "is no name"),
            ("calm: ema", "on", "YAML 1.1"),
            ("calm: ema", "x", "already the name of an argument"),
            ("x: real", "calm", "already the name of a value"),
            ("long:\n", "short", "short"),
            ("flow]", "other", "another file"),
            ("strategy:", "other", "no name of this file"),
        ],
    )
    def test_a_rename_that_would_change_meaning_is_refused(
        self, editor: Editor, uri: str, part: str, new: str, why: str
    ) -> None:
        editor.open(uri, STRATEGY)
        with pytest.raises(JsonRpcException, match=why):
            self.rename(editor, uri, part, new)

    def test_a_file_with_unreadable_parts_is_not_renamed(self, editor: Editor, uri: str) -> None:
        text = STRATEGY.replace("cross_dn(quick, calm)", "cross_dn(quick calm)")
        editor.open(uri, text)
        with pytest.raises(JsonRpcException, match="mend those first"):
            editor.ask(
                lsp.TEXT_DOCUMENT_PREPARE_RENAME, lsp.PrepareRenameParams(**editor.at(uri, *line_of(text, "calm: ema")))
            )


class TestTheWholeFile:
    def test_fixes_are_code_actions(self, editor: Editor, uri: str) -> None:
        text = STRATEGY.replace("cross_up(quick", "cross_up(quik")
        editor.open(uri, text)
        (action,) = editor.actions(uri, only=["quickfix"])
        assert action.is_preferred
        assert action.diagnostics[0].code == "FC0102"
        assert applied(text, list(action.edit.changes[uri])) == STRATEGY

    def test_unsafe_fixes_say_so(self, editor: Editor, uri: str) -> None:
        text = STRATEGY.replace("  slow: 26", "\tslow: 26")
        editor.open(uri, text)
        titles = [a.title for a in editor.actions(uri, only=["quickfix"])]
        assert any("meaning may change" in t or "needs a choice" in t for t in titles), titles

    def test_all_safe_fixes_are_one_action(self, editor: Editor, uri: str) -> None:
        text = STRATEGY.replace("cross_up(quick", "cross_up(quik").replace(
            "cross_dn(quick, calm)", "cross_dn(quick, kalm)"
        )
        editor.open(uri, text)
        (action,) = editor.actions(uri, only=["source.fixAll"])
        assert applied(text, list(action.edit.changes[uri])) == STRATEGY

    def test_formatting_is_that_of_fmt(self, editor: Editor, uri: str) -> None:
        from flashc.dsl.formatter import format_source
        from flashc.dsl.source import Source

        text = STRATEGY.replace("quick - calm", "quick-calm").replace("  slow: 26", "  slow:    26   ")
        editor.open(uri, text)
        options = lsp.FormattingOptions(2, True)
        params = lsp.DocumentFormattingParams(lsp.TextDocumentIdentifier(uri), options)
        edits = editor.ask(lsp.TEXT_DOCUMENT_FORMATTING, params)
        assert applied(text, list(edits)) == format_source(Source("s.yaml", text)).text != text

    def test_a_broken_file_is_not_formatted(self, editor: Editor, uri: str) -> None:
        editor.open(uri, STRATEGY.replace("ema(close, slow)", "ema(close slow)"))
        params = lsp.DocumentFormattingParams(lsp.TextDocumentIdentifier(uri), lsp.FormattingOptions(2, True))
        assert editor.ask(lsp.TEXT_DOCUMENT_FORMATTING, params) is None

    def test_the_outline_has_blocks_rules_and_clauses(self, editor: Editor, uri: str) -> None:
        editor.open(uri, STRATEGY)
        params = lsp.DocumentSymbolParams(lsp.TextDocumentIdentifier(uri))
        found = {s.name: s for s in editor.ask(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL, params)}
        assert [s.name for s in found["let"].children] == ["quick", "calm", "apart", "leaning", "bands", "wide"]
        (long,) = found["entries"].children
        assert [s.name for s in long.children] == ["crossed", "near"]

    def test_hints_show_clocks_and_absence(self, editor: Editor, uri: str) -> None:
        editor.open(uri, STRATEGY)
        everything = lsp.Range(lsp.Position(0, 0), lsp.Position(1000, 0))
        params = lsp.InlayHintParams(lsp.TextDocumentIdentifier(uri), everything)
        found = {(h.position.line, h.label) for h in editor.ask(lsp.TEXT_DOCUMENT_INLAY_HINT, params)}
        assert (line_of(STRATEGY, "quick: ema")[0], "@btc.1m") in found
        assert (line_of(STRATEGY, "wide: ")[0], "@btc.1m?") in found

    def test_expressions_are_coloured(self, editor: Editor, uri: str) -> None:
        editor.open(uri, EMA_CROSS)
        params = lsp.SemanticTokensParams(lsp.TextDocumentIdentifier(uri))
        data = editor.ask(lsp.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, params).data
        legend = editor.greeting.capabilities.semantic_tokens_provider.legend.token_types
        line = column = 0
        words = {}
        for i in range(0, len(data), 5):
            line, column = line + data[i], data[i + 1] + (column if data[i] == 0 else 0)
            words[EMA_CROSS.splitlines()[line][column : column + data[i + 2]]] = legend[data[i + 3]]
        assert words["ema"] == "function"
        assert words["fast"] == "parameter"
        assert words["quick"] == "variable"
        assert words["USDC"] == "type"
