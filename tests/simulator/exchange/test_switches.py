"""What is not certain about the exchange is a table of switches."""

from __future__ import annotations

import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.simulator.exchange.switches import SWITCHES, Switch, Switches, parse_switch, switch_table, switches_of


@pytest.mark.parametrize("row", SWITCHES.values(), ids=str)
def test_every_setting_of_a_switch_can_be_set_and_read_back(row: Switch) -> None:
    for setting in row.choices or ("0", str(row.most)):
        assert f"{row.name}={setting}" in Switches().set(f"{row.name}={setting}").lines()


@pytest.mark.parametrize("row", SWITCHES.values(), ids=str)
def test_a_switch_has_at_least_two_settings_and_a_default_among_them(row: Switch) -> None:
    assert row.default in row.choices or (not row.choices and int(row.default) <= row.most)
    assert len(row.choices) >= 2 or row.most


def test_switches_change_one_after_another() -> None:
    found = switches_of(["cancel-status=before", "fills_lag_ms=250", "cancel_status = canceled"])
    assert (found.cancel_status, found.fills_lag_ms) == ("canceled", 250)


@pytest.mark.parametrize(
    "text", ["nothing=1", "cancel_status", "cancel_status=DONE", "fills_lag_ms=-1", "fills_lag_ms=1e9", ""]
)
def test_a_wrong_switch_names_what_is_possible(text: str) -> None:
    with pytest.raises(RuntimeFault) as caught:
        parse_switch(text)
    assert caught.value.first.code == "FC1306"
    assert caught.value.first.helps[-1].startswith(("`flashc sim switch --all`", "settings: "))


def test_the_table_of_the_page_has_a_row_for_each() -> None:
    assert switch_table().count("\n") == len(SWITCHES) + 2
