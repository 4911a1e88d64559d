from __future__ import annotations

from flashc.cli.explain_text import explain_text
from flashc.cli.explanation import Clause, Explanation, Flip, RuleView

SECOND = 10**9
AT = 1_741_684_440 * SECOND  # 2025-03-11 09:14


def explanation(**changes: object) -> Explanation:
    facts: dict[str, object] = {
        "strategy": "micro",
        "asked": AT,
        "time": AT,
        "phase": "flat",
        "armed": True,
        "reason": "no_entry",
        "rules": (
            RuleView(
                "entries.long",
                False,
                (Clause("trend", True, "0.412 > 0.25"), Clause("edge", False, "1.05 bps > 1.50 bps", "0.45 bps")),
            ),
        ),
    }
    return Explanation(**{**facts, **changes})  # type: ignore[arg-type]


def test_clauses_are_aligned_and_the_shortfall_named() -> None:
    assert explain_text(explanation()).splitlines() == [
        "micro at 2025-03-11 09:14 UTC",
        "flat · armed · no entry",
        "entries.long: no",
        "  ✔ trend  0.412 > 0.25",
        "  ✘ edge   1.05 bps > 1.50 bps  short by 0.45 bps",
    ]


def test_what_would_flip_the_decision_closes_the_screen() -> None:
    found = explanation(
        nearest=Flip("edge", "1.05 bps", 120 * SECOND),
        last_fire=AT - 3600 * SECOND,
        blocker="edge",
        blocker_share=0.61,
    )
    assert explain_text(found).splitlines()[-1] == (
        "nearest flip: edge 1.05 bps → holds 2m later  ·  last fire 2025-03-11 08:14  ·  "
        "blocked by edge in 61% of the day's decisions"
    )


def test_an_instant_between_decisions_says_so() -> None:
    assert explain_text(explanation(asked=AT + 30 * SECOND)).splitlines()[0] == (
        "micro at 2025-03-11 09:14 UTC (last decision before 09:14:30)"
    )


def test_warm_up_names_what_is_short() -> None:
    found = explanation(armed=False, reason="not_armed", not_armed="12 of 235 closed 1m bars", rules=())
    assert explain_text(found).splitlines()[1] == "flat · not armed: 12 of 235 closed 1m bars"


def test_a_rule_held_back_says_by_what() -> None:
    rule = RuleView("entries.long", False, (Clause("up", True, "1 > 0"),), why_not="cooling down for 2s")
    assert "entries.long: no (cooling down for 2s)" in explain_text(explanation(rules=(rule,)))


def test_colour_adds_nothing_but_colour() -> None:
    import re

    painted = explain_text(explanation(), color=True)
    assert "\x1b[" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == explain_text(explanation())


def test_an_instant_on_another_day_names_the_day() -> None:
    found = explanation(asked=AT + 86_400 * SECOND)
    assert explain_text(found).splitlines()[0].endswith("(last decision before 2025-03-12 09:14)")


def test_an_instant_after_the_run_says_that_the_run_is_over() -> None:
    found = explanation(asked=AT + 86_400 * SECOND, is_last=True)
    assert explain_text(found).splitlines()[0].endswith("(the run's last decision, asked for 2025-03-12 09:14)")


def test_the_parts_of_a_clause_stand_below_it() -> None:
    cheap = Clause("cheap", False, "close 9.00 < 8.00", "1.00 USDC/BTC")
    edge = Clause("", False, "edge 2 bps > 5 bps", "3 bps")
    clause = Clause("either", False, "cheap or edge > 5 bps", parts=(cheap, edge))
    assert explain_text(explanation(rules=(RuleView("entries.long", False, (clause,)),))).splitlines()[3:] == [
        "  ✘ either  cheap or edge > 5 bps",
        "      ✘ cheap  close 9.00 < 8.00   short by 1.00 USDC/BTC",
        "      ✘ edge 2 bps > 5 bps  short by 3 bps",
    ]
