"""Every analysis that reports something accepts one program and rejects its near twin, code by code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.checking import RISK, codes, strategy

FOLDER = Path(__file__).resolve().parents[3] / "compiler" / "analysis"
LENGTH = "length: {type: int, default: 12, in: 4..30}"

#: module -> (arguments of `strategy` of a file without error, of one with an error, the error's code).
HALF = RISK + "\nfn:\n  half:\n    args: {x: %s}\n    returns: qty<i>\n    is: x / 2"
PAIRS: dict[str, tuple[dict[str, str], dict[str, str], str]] = {
    "amounts": (
        {"tail": "capital: {reserve: 500 USDC}\n" + RISK},
        {"tail": "capital: {reserve: 20_000 USDC}\n" + RISK},
        "FC0218",
    ),
    "ascription": (
        {"long": "half(volume) > 1 BTC", "tail": HALF % "qty<i>"},
        {"long": "half(2.5) > 1 BTC", "tail": HALF % "real"},
        "FC0205",
    ),
    "bounds": ({"long": "close[9] > open"}, {"long": "close[99_999_999] > open"}, "FC0451"),
    "call_types": ({"long": "near(close, open, 2 ticks)"}, {"long": "near(close, volume, 2 ticks)"}, "FC0201"),
    "causality": ({"long": "close > close[1]"}, {"long": "close[-1] > close"}, "FC0301"),
    "clocks": ({"long": "ema(close@1h, 3) > open"}, {"long": "ema(close@1h - close@1m, 3) > 0 ticks"}, "FC0304"),
    "lints": ({}, {"tail": ""}, "FL116"),
    "parameters": (
        {"params": LENGTH, "long": "sma(close, length) > open"},
        {"params": LENGTH.replace("12", "40"), "long": "sma(close, length) > open"},
        "FC0601",
    ),
    "periods": ({"decide": "5m"}, {"decide": "7m"}, "FC0308"),
    "presence": ({"long": "close / (close - open) ?? 0.0 > 1"}, {"long": "close / (close - open) > 1"}, "FC0401"),
    "qualifiers": (
        {"params": LENGTH, "long": "sma(close, length) > open"},
        {"let": "length: if close > open then 5 else 9", "long": "sma(close, length) > open"},
        "FC0207",
    ),
    "roots": ({"long": "close - open > 0 ticks"}, {"long": "close - open"}, "FC0203"),
    "rules": (
        {"out": "pos.gain > 60 bps\n  late: pos.gain > 30 bps"},
        {"out": "pos.gain > 30 bps\n  late: pos.gain > 60 bps"},
        "FC0507",
    ),
    "sizes": ({}, {"tail": RISK.replace("400 USDC", "90 USDC")}, "FC0504"),
    "typing_state": ({"long": "macd(close).hist > 0 ticks"}, {"long": "macd(close).histogram > 0 ticks"}, "FC0208"),
    "units": ({"long": "close > open"}, {"long": "(close > open) + 1 > 1"}, "FC0211"),
}


@pytest.mark.parametrize("module", PAIRS)
def test_it_accepts_one_program_and_rejects_another(module: str) -> None:
    accepted, rejected, code = PAIRS[module]
    assert not [found for found in codes(strategy(**accepted)) if found.startswith("FC")]
    assert code in codes(strategy(**rejected))
    assert code not in codes(strategy(**accepted))
    assert code in reported(FOLDER / f"{module}.py")


def reported(path: Path) -> set[str]:
    """Codes that stand in a module's text."""
    return set(re.findall(r'"(F[CL][0-9]{3,4})"', path.read_text(encoding="utf-8")))


def test_no_module_that_reports_is_left_out() -> None:
    assert {path.stem for path in FOLDER.glob("*.py") if reported(path)} == set(PAIRS)
