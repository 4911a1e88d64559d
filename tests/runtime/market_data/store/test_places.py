"""Where data sets are, and with what the places of others are opened."""

from __future__ import annotations

import os

import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.market_data.store.catalog import list_datasets
from flashc.runtime.market_data.store.places import storage_options


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)


def test_a_bucket_without_credentials_is_refused_before_anyone_is_asked() -> None:
    with pytest.raises(RuntimeFault) as caught:
        list_datasets("s3://bucket/history")
    assert caught.value.first.code == "FC1023"
    assert "AWS_ACCESS_KEY_ID" in caught.value.first.helps[0]


def test_half_a_key_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    with pytest.raises(RuntimeFault):
        storage_options("s3://bucket/history")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "y")
    assert storage_options("s3://bucket/history") == {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}


def test_a_public_bucket_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    assert storage_options("s3://bucket/history") == {"AWS_SKIP_SIGNATURE": "true"}


@pytest.mark.parametrize("url", ["gs://bucket/x", "https://example.com/x", "file:///tmp/x"])
def test_other_urls_hold_no_data_sets(url: str) -> None:
    with pytest.raises(RuntimeFault) as caught:
        storage_options(url)
    assert caught.value.first.code == "FC1023"
