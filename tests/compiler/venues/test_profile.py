from __future__ import annotations

import json
from decimal import Decimal

import pytest
from flashc.compiler.venues import profile
from flashc.compiler.venues.profile import canonical_hash, names


def test_the_spot_profile_pins_grid_fees_and_minimums() -> None:
    venue = profile("mexc.spot")
    btc, eth = venue.instruments["BTC/USDC"], venue.instruments["ETH/USDC"]
    assert (btc.tick, btc.lot, eth.lot) == (Decimal("0.01"), Decimal("0.000001"), Decimal("0.00001"))
    assert (btc.maker_fee, btc.taker_fee) == (0, Decimal("0.0005"))
    assert btc.min_notional == 1
    assert btc.max_price == 10_000_000
    assert btc.min_qty_lots == 1


def test_the_venue_offers_five_styles_and_no_shorts() -> None:
    venue = profile("mexc.spot")
    assert venue.styles == ("market", "limit", "ioc", "fok", "post_only")
    assert not venue.allows_short
    assert not venue.native_stops


def test_the_hash_depends_on_content_and_not_on_layout() -> None:
    data = {"a": 1, "b": {"c": "0.0005"}}
    again = json.loads(json.dumps({"b": {"c": "0.0005"}, "a": 1}, indent=8))
    assert canonical_hash(data) == canonical_hash(again)
    assert canonical_hash(data) != canonical_hash({**data, "a": 2})
    assert len(profile("mexc.spot").hash) == 64


def test_an_unknown_venue_has_no_profile() -> None:
    assert "mexc.spot" in names()
    with pytest.raises(KeyError):
        profile("nowhere.spot")
