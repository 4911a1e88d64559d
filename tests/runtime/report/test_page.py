"""The page as text: complete, closed against hostile content, free of requests."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from flashc.runtime.report.folder import read_run
from flashc.runtime.report.highlight import highlight
from flashc.runtime.report.page import render, script_json, write_report
from flashc.runtime.report.series import Chart, Indicator
from support.report_runs import made_bars, write_made_run

HOSTILE = "</script><img src=x onerror=alert(1)>\u2028<!--"


class Seen(HTMLParser):
    """Elements, their attributes, and the text of scripts and of everything else."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.tags and self.lasttag == "script" and self.cdata_elem:
            self.scripts[-1] += data
        else:
            self.words.append(data)


def page(tmp_path: Path, bars: int = 500, trades: int = 9, **changes: object) -> str:
    made = made_bars(bars)
    run = read_run(write_made_run(tmp_path / "run", made, trades, **changes))
    smooth = Indicator("smooth", "price", made.time, made.close / 100)
    return render(run, Chart([made], [smooth]))


def facts(text: str) -> dict:
    return json.loads(re.search(r'id="facts">(.*?)</script>', text, re.DOTALL)[1])


def refuse(text: str) -> None:
    raise AssertionError(f"{text} is not JSON")


class TestContent:
    def test_it_holds_what_a_run_folder_says(self, tmp_path: Path) -> None:
        words = " ".join(" ".join(Seen(page(tmp_path)).words).split())
        for expected in ("made", "Made for a test.", "BTC/USDC", "2024-01-01", "orders fill whole", "would cross", "Warm-up",
                         "entries.long: held as a whole", "Monthly returns", "Sharpe", "Jan", "exits.out", "fast", "prob_power:3", "place 2ms"):  # fmt: skip
            assert expected in words, expected

    def test_the_same_run_gives_the_same_page(self, tmp_path: Path) -> None:
        assert page(tmp_path / "a") == page(tmp_path / "b")

    def test_the_source_is_all_there(self, tmp_path: Path) -> None:
        source = "a: b < c\n# comment & more\nlet: {x: ema(close, 12)@1m}\n"
        text = re.search(r'<pre class="code".*?>(.*?)</pre>', page(tmp_path, source=source), re.DOTALL)[1]
        assert "".join(Seen(text).words) == source.rstrip("\n")

    @pytest.mark.parametrize(("bars", "trades"), [(1, 0), (2, 1), (300, 0), (5, 2)])
    def test_small_runs_have_a_page(self, tmp_path: Path, bars: int, trades: int) -> None:
        text = page(tmp_path, bars, trades)
        assert ("finished no trade" in text) is (trades == 0)
        assert json.loads(json.dumps(facts(text)), parse_constant=refuse)["start"] == 10**12

    def test_a_run_without_bars_and_equity_has_a_page(self, tmp_path: Path) -> None:
        run = read_run(write_made_run(tmp_path / "run", made_bars(1), 0))
        tables = {name: {key: column[:0] for key, column in table.items()} for name, table in run.tables.items()}
        empty = type(run)(run.manifest, run.source, tables)
        assert "no equity points" in render(empty, Chart())

    def test_a_hundred_thousand_trades_fit(self, tmp_path: Path) -> None:
        made = made_bars(200_000)
        folder = write_made_run(tmp_path / "run", made, 100_000)
        assert write_report(folder, tmp_path / "out.html", Chart([made])) < 15_000_000
        assert (tmp_path / "out.html").read_text().count("<tr") < 200


class TestHostile:
    @pytest.fixture
    def text(self, tmp_path: Path) -> str:
        clauses = [{"set": "entries", "rule": HOSTILE, "name": HOSTILE, "bit": 0}]
        return page(
            tmp_path, strategy=HOSTILE, doc=HOSTILE, rules=[f"entries.{HOSTILE}", f"exits.{HOSTILE}"], clauses=clauses,
            assumptions=[HOSTILE], params={HOSTILE: 1}, sources=[HOSTILE], rejects={HOSTILE: 1},
            source=f"doc: '{HOSTILE}'\n# {HOSTILE}\nk: \"{HOSTILE}\"\n",
        )  # fmt: skip

    def test_no_element_comes_from_the_strategy(self, text: str) -> None:
        seen = Seen(text)
        assert not [tag for tag, _ in seen.tags if tag == "img"]
        assert not [attrs for _, attrs in seen.tags if any(name.startswith("on") for name in attrs)]
        ordinary = {"application/json", "text/plain", None}
        assert {attrs.get("type") for tag, attrs in seen.tags if tag == "script"} == ordinary

    def test_names_reach_the_script_unharmed(self, text: str) -> None:
        assert facts(text)["strategy"] == HOSTILE
        assert "<" not in re.search(r'id="facts">(.*?)</script>', text, re.DOTALL)[1]

    def test_text_for_scripts_cannot_end_the_script(self) -> None:
        assert json.loads(script_json({"a": HOSTILE})) == {"a": HOSTILE}
        assert not set("<>&\u2028\u2029") & set(script_json({"a": HOSTILE + "&\u2029"}))

    def test_numbers_that_are_not_json_are_refused(self) -> None:
        with pytest.raises(ValueError, match="JSON"):
            script_json(float("nan"))

    def test_highlighting_escapes(self) -> None:
        assert "<img" not in highlight(f"{HOSTILE}: '{HOSTILE}' # {HOSTILE}")


class TestOffline:
    def test_nothing_is_fetched(self, tmp_path: Path) -> None:
        text = page(tmp_path)
        for _, attrs in Seen(text).tags:
            for name in ("src", "href", "action"):
                value = attrs.get(name) or "#"
                assert value.startswith("#") or value == "data:,"
        assert not re.findall(r"https?://|@import|url\(", text.replace("http://www.w3.org", ""))

    def test_the_policy_names_the_one_script(self, tmp_path: Path) -> None:
        text = page(tmp_path)
        script = Seen(text).scripts[-1]
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"script-src &#39;sha256-{digest}&#39;" in text or f"script-src 'sha256-{digest}'" in text
        assert "default-src 'none'" in text


def test_equity_keeps_a_millionth_of_its_range(tmp_path: Path) -> None:
    from flashc.runtime.report.packing import unpack
    from flashc.runtime.report.page import pack_all

    run = read_run(write_made_run(tmp_path / "run", made_bars(400), 20))
    groups, found = pack_all(run, Chart())
    equity, unit = run.column("equity", "equity"), int(str(found["equityUnit"]))
    kept = unpack(groups["equity"])["equity"] * unit
    assert np.max(np.abs(kept - equity)) <= unit
    assert unit <= max(1, (int(equity.max()) - int(equity.min())) // 10**5)
