"""The page as a reader uses it, in headless Chromium; skipped where there is no Chromium or no Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flashc.runtime.report.page import write_report
from flashc.runtime.report.series import Chart, Indicator
from support.report_runs import made_bars, write_made_run

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    sync = pytest.importorskip("playwright.sync_api")
    with sync.sync_playwright() as playwright:
        profile = tmp_path_factory.mktemp("profile")
        opened = playwright.chromium.launch_persistent_context(profile, executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


class Reader:
    """A tab with the page open, and everything that it complained about or asked for."""

    def __init__(self, context: Any, page: Path, width: int = 1280) -> None:
        self.tab = context.new_page()
        self.said: list[str] = []
        self.tab.on("console", lambda message: self.said.append(message.text))
        self.tab.on("pageerror", lambda error: self.said.append(str(error)))
        self.tab.on("request", lambda request: self.said.append(request.url) if request.url[:4] == "http" else None)
        self.tab.set_viewport_size({"width": width, "height": 900})
        self.tab.goto(page.as_uri())
        self.tab.wait_for_selector("html[data-ready=yes]" if "made" in page.stem else "#trades", state="attached")

    def texts(self, selector: str) -> list[str]:
        return list(self.tab.locator(selector).all_inner_texts())


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, bars = tmp_path_factory.mktemp("page"), made_bars(5000)
    values = [
        Indicator("smooth", "price", bars.time, bars.close / 100),
        Indicator("range", "ratio", bars.time, np.sin(np.arange(5000) / 50)),
        Indicator("high", "bool", bars.time, (bars.close > np.median(bars.close)) * 1.0),
    ]
    write_report(write_made_run(folder / "run", bars, 620), folder / "made.html", Chart([bars], values))
    return folder / "made.html"


def test_it_opens_without_a_word(context: Any, page: Path) -> None:
    reader = Reader(context, page)
    assert reader.said == []
    assert reader.texts("#chips button") == ["smooth", "range", "high"]


@pytest.mark.parametrize("width", [360, 768, 1280, 2560])
def test_nothing_is_wider_than_the_window(context: Any, page: Path, width: int) -> None:
    reader = Reader(context, page, width)
    assert reader.tab.evaluate("document.documentElement.scrollWidth") <= width


def test_the_list_sorts_filters_and_turns_pages(context: Any, page: Path) -> None:
    reader = Reader(context, page)
    reader.tab.click("#trade-list th:has-text('Profit') button")
    profits = [float(t.replace("−", "-").replace("+", "")) for t in reader.texts("#trade-list tbody td:nth-child(8)")]
    assert len(profits) == 50
    assert profits == sorted(profits, reverse=True)
    reader.tab.click("button[aria-label='Last page']")
    assert reader.texts(".pager .at") == ["601–620 of 620"]
    reader.tab.select_option("#trade-tools select[aria-label=Result]", "-1")
    assert all("−" in text for text in reader.texts("#trade-list tbody td:nth-child(8)"))
    reader.tab.fill("#trade-tools input", "nothing like this")
    assert reader.texts("#trade-list tbody tr") == ["No trade matches."]


def test_a_trade_jumps_to_the_chart_and_keys_move_on(context: Any, page: Path) -> None:
    reader = Reader(context, page)
    reader.tab.click("#trade-list tbody tr:nth-child(4)")
    assert reader.tab.evaluate("location.hash") == "#trade-4"
    reader.tab.focus("#plot canvas")
    reader.tab.keyboard.press("n")
    assert reader.tab.evaluate("location.hash") == "#trade-5"
    for key in ("ArrowLeft", "ArrowUp", "-", "Home", "End", "0", "p"):
        reader.tab.keyboard.press(key)
    assert reader.tab.evaluate("location.hash") == "#trade-4"
    assert reader.said == []


def test_a_link_to_a_trade_opens_at_it(context: Any, page: Path) -> None:
    tab = context.new_page()
    tab.goto(page.as_uri() + "#trade-77")
    tab.wait_for_selector("html[data-ready=yes]", state="attached")
    assert tab.locator("#trade-list tr[aria-selected=true] td").first.inner_text() == "77"


@pytest.mark.parametrize(("bars", "trades"), [(1, 0), (2, 1), (40, 0)])
def test_small_runs_open_without_a_word(context: Any, tmp_path: Path, bars: int, trades: int) -> None:
    made = made_bars(bars)
    write_report(write_made_run(tmp_path / "run", made, trades), tmp_path / "made.html", Chart([made]))
    assert Reader(context, tmp_path / "made.html").said == []


def test_hostile_names_are_only_text(context: Any, tmp_path: Path) -> None:
    hostile, made = "</script><img src=x onerror=alert(1)>", made_bars(60)
    rules = [f"entries.{hostile}", f"exits.{hostile}"]
    folder = write_made_run(tmp_path / "run", made, 3, strategy=hostile, rules=rules, doc=hostile)
    write_report(folder, tmp_path / "made.html", Chart([made]))
    reader = Reader(context, tmp_path / "made.html")
    assert reader.said == []
    assert reader.tab.locator("img").count() == 0
    assert reader.texts("h1") == [hostile]
    assert hostile in reader.texts("#trade-list tbody tr:first-child td:last-child")
