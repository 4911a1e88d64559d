"""The accounts file: what it may say, and how a mistake in it is told."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from flashc.dsl.diagnostic_codes import CODES
from flashc.runtime.errors import RuntimeFault
from flashc.simulator.accounts_file import default_accounts, parse_accounts, read_accounts, write_default
from flashc.simulator.rest.keys import PERMISSIONS

WHOLE = """
accounts:
  - name: alice
    keys:
      - key: sim-alice-1
        secret: s1
      - {key: sim-alice-2, secret: s2, permissions: [SPOT_DEAL_READ], addresses: [127.0.0.1, 10.0.0.0/8], symbols: [MXUSDT]}
    balances: {USDT: '10000', MX: 0.5}
    taker_fee: 0.0002
    mx_deduct: true
    strategy_groups: [desk]
    max_open_orders: 20
  - name: bob
    master: alice
    keys: []
    strategy_groups: [desk]
"""


def code_of(text: str) -> str:
    with pytest.raises(RuntimeFault) as caught:
        parse_accounts(text.encode(), "accounts.yaml")
    assert "topsecret" not in str(caught.value)
    return caught.value.first.code


def test_a_whole_file_is_read() -> None:
    found = parse_accounts(WHOLE.encode(), "accounts.yaml")
    alice, bob = found.accounts
    assert (alice.name, alice.balances, alice.maker_fee, alice.taker_fee) == (
        "alice",
        {"USDT": "10000", "MX": "0.5"},
        None,
        "0.0002",
    )
    assert (alice.mx_deduct, alice.max_open_orders, bob.master) == (True, 20, "alice")
    first, second = found.keys
    assert first.permissions == frozenset(PERMISSIONS) and first.networks == () and first.allows("ANYTHING")
    assert second.permissions == {"SPOT_DEAL_READ"} and len(second.networks) == 2 and not second.allows("BTCUSDC")
    assert found.groups == {"desk": ("alice", "bob")}


def test_a_name_that_stands_twice_is_refused_not_forgotten() -> None:
    text = "accounts:\n  - name: a\n    keys: []\n    balances: {USDC: '1', USDC: '2'}\n"
    with pytest.raises(RuntimeFault, match="line 4: `USDC` stands twice"):
        parse_accounts(text.encode(), "accounts.yaml")


def test_a_pipe_without_a_writer_does_not_hold_the_exchange(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(RuntimeFault, match="no ordinary file"):
        read_accounts(tmp_path / "pipe")


def test_json_is_read_as_well() -> None:
    text = json.dumps(
        {"accounts": [{"name": "a", "keys": [{"key": "sim-a", "secret": "s"}], "balances": {"USDT": "1"}}]}
    )
    assert parse_accounts(text.encode(), "accounts.json").accounts[0].balances == {"USDT": "1"}


def test_a_key_does_not_show_its_secret() -> None:
    assert "s1" not in repr(parse_accounts(WHOLE.encode(), "x").keys)


@pytest.mark.parametrize("text", [*CODES["FC1301"].wrong, "a: &b [c]\nd: *b", "accounts: " + "[" * 600, "\x00"])
def test_what_is_no_yaml(text: str) -> None:
    assert code_of(text) == "FC1301"


@pytest.mark.parametrize(
    "text",
    [
        *CODES["FC1302"].wrong,
        "",
        "[]",
        "accounts: {}",
        "accounts: []",
        "accounts: [alice]",
        "accounts: [{name: a}]",
        "accounts: [{name: a, keys: [{key: sim-a}]}]",
        "accounts: [{name: a, keys: [], balances: 5}]",
        "accounts: [{name: a, keys: [], strategy_groups: [[x]]}]",
        "extra: 1\naccounts: [{name: a, keys: []}]",
    ],
)
def test_what_is_no_accounts_file(text: str) -> None:
    assert code_of(text) == "FC1302"


@pytest.mark.parametrize(
    "part",
    [
        "balances: {USDT: '-5'}",
        "balances: {USDT: 1e5}",
        "balances: {USDT: nan}",
        "balances: {USDT: 0.000000001}",
        "balances: {'US DT': 1}",
        "taker_fee: 1",
        "maker_fee: -0.1",
        "mx_deduct: maybe",
        "max_open_orders: -1",
    ],
)
def test_values_that_cannot_be(part: str) -> None:
    assert code_of(f"accounts:\n  - name: a\n    keys: [{{key: sim-a, secret: topsecret}}]\n    {part}\n") == "FC1303"


@pytest.mark.parametrize(
    "part",
    [
        "key: mx0vgl, secret: topsecret",
        "key: sim-a, secret: topsecret, permissions: [ALL]",
        "key: sim-a, secret: topsecret, addresses: [here]",
    ],
)
def test_keys_that_cannot_be(part: str) -> None:
    assert code_of(f"accounts:\n  - name: a\n    keys: [{{{part}}}]\n") == "FC1303"


def test_the_exchange_keeps_some_names_for_itself() -> None:
    assert code_of("accounts: [{name: fees, keys: []}]") == "FC1303"


@pytest.mark.parametrize("text", [*CODES["FC1304"].wrong, "accounts: [{name: a, keys: []}, {name: a, keys: []}]"])
def test_what_two_accounts_claim(text: str) -> None:
    assert code_of(text) == "FC1304"


def test_the_right_examples_of_the_catalogue_are_right() -> None:
    assert parse_accounts(CODES["FC1302"].right.encode(), "x").accounts[0].name == "alice"


def test_a_default_file_is_private_and_readable(tmp_path: Path) -> None:
    path = tmp_path / "new" / "accounts.yaml"
    write_default(path, lambda digits: "a" * digits)
    assert path.stat().st_mode & 0o777 == 0o600
    found = read_accounts(path)
    assert [spec.name for spec in found.accounts] == ["alice", "bob"] and found.advice == ()
    assert all(key.key.startswith("sim-") for key in found.keys)
    with pytest.raises(RuntimeFault, match="FC1305"):
        write_default(path, lambda digits: "b" * digits)
    assert path.read_text() == default_accounts(lambda digits: "a" * digits)


def test_a_file_that_others_may_read_gives_an_advice(tmp_path: Path) -> None:
    path = tmp_path / "accounts.yaml"
    path.write_text(WHOLE)
    path.chmod(0o644)
    assert "chmod 600" in read_accounts(path).advice[0]


def test_a_missing_file_is_one_clear_message(tmp_path: Path) -> None:
    with pytest.raises(RuntimeFault, match="cannot read the accounts file: No such file"):
        read_accounts(tmp_path / "none.yaml")


def test_the_example_of_the_page_is_read() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "exchange-rest.md"
    example = page.read_text(encoding="utf-8").split("```")[1]
    found = parse_accounts(example.encode(), "docs/exchange-rest.md")
    assert found.accounts[0].mx_deduct and found.keys[0].allows("BTCUSDC") and found.groups == {"desk": ("alice",)}
