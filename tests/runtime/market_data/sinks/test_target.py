"""Addresses of databases."""

from __future__ import annotations

import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.market_data.sinks.target import Target, parse_target


def test_addresses_are_read() -> None:
    assert parse_target("influxdb://localhost/market") == Target("influxdb", "localhost", 8086, "market")
    assert parse_target("postgresql://me@db.example:5433/m_1") == Target("postgresql", "db.example", 5433, "m_1", "me")
    assert parse_target("influxdb+https://[::1]:9/x").base_url == "https://[::1]:9"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mysql://localhost/x",
        "postgresql://me:secret@localhost/x",
        "influxdb://localhost",
        "influxdb://localhost:99999/x",
        "influxdb:///x",
        "postgresql://localhost/x?sslmode=off",
        'influxdb://localhost/x"; drop',
    ],
)
def test_other_addresses_are_refused_and_never_shown_with_a_password(url: str) -> None:
    with pytest.raises(RuntimeFault) as caught:
        parse_target(url)
    assert caught.value.first.code == "FC1040"
    assert "secret" not in str(caught.value.first)
