"""Style and script of the report: readable, complete, and without what lets text become code."""

from __future__ import annotations

from pathlib import Path

from flashc.runtime.report.page import ASSETS, SCRIPTS, STYLES, asset_text


def files() -> list[Path]:
    return [path for path in ASSETS.iterdir() if path.is_file() and path.suffix != ".py"]


class TestAssets:
    def test_every_asset_is_used_and_there(self) -> None:
        assert {path.name for path in files()} == {*STYLES, *SCRIPTS, "report.html.j2"}

    def test_the_script_never_parses_html(self) -> None:
        script = asset_text(SCRIPTS)
        for word in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "fetch(",
            "XMLHttpRequest",
        ):
            assert word not in script

    def test_assets_are_short_enough_to_read(self) -> None:
        lengths = {path.name: path.read_text().count("\n") for path in files()}
        assert max(lengths.values()) <= 500, lengths
