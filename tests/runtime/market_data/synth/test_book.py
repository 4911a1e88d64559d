"""The generated book: the same bits everywhere, its own market for each instrument, a book that a venue could have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.market_data.day_parts import events_hash
from flashc.runtime.market_data.synth import flow
from flashc.runtime.market_data.synth.book import BookParameters, book_for_instrument, generate_book
from flashc.runtime.market_data.synth.prng import Stream

SMALL = BookParameters(duration_s=60, levels=12)
GOLDEN = "9c4e67faedffd20bacd173771bdab172af3e5080ce30a8a7afbca0a39f5cb0ce"


def test_the_same_seed_gives_the_same_bits_on_every_machine():
    assert events_hash(generate_book(SMALL)) == GOLDEN


def test_another_seed_gives_another_market():
    assert events_hash(generate_book(replace(SMALL, seed=2))) != GOLDEN


def test_the_compiled_flow_is_its_own_python():
    draws = Stream(3, "x").uniform(400 * 5).reshape(400, 5)
    fair = 1000.0 + 40.0 * np.cumsum(Stream(3, "y").normal(400))
    shares, sizes = np.array([0.1, 0.3, 0.7]), np.array([50.0, 100.0, 80.0])
    results = []
    for run in (flow.run_flow, flow.run_flow.py_func):
        state, rows, trades = flow.empty_state(10), np.zeros((5000, 4), np.int64), np.zeros((5000, 4), np.int64)
        counts = run(state, 0, fair, draws, shares, sizes, rows, trades)
        results.append((counts, state.tolist(), rows.tolist(), trades.tolist()))
    assert results[0] == results[1]


def returns(symbol: str) -> np.ndarray:
    data = generate_book(book_for_instrument(BookParameters(duration_s=1200, instrument=symbol)))
    assert data.trades is not None
    grid = np.arange(data.trades.venue[0], data.trades.venue[-1], 10**9)
    price = data.trades.price[np.searchsorted(data.trades.venue, grid)]
    return np.diff(np.log(price[::10]))


def test_instruments_of_a_seed_move_together_but_not_alike():
    together = float(np.corrcoef(returns("BTC/USDC"), returns("ETH/USDC"))[0, 1])
    assert 0.3 < together < 0.9


def test_every_event_can_be_a_message():
    data = generate_book(replace(SMALL, push_ms=0))
    assert data.book is not None
    assert int(data.book.ends.sum()) > 2_000
    assert len(np.unique(data.book.venue)) == int(data.book.ends.sum())


def test_update_ids_follow_each_other():
    book = generate_book(SMALL).book
    assert book is not None
    heads = np.flatnonzero(book.ends)
    assert (book.first_id[heads[1:]] == book.last_id[heads[:-1]] + 1).all()
    assert book.snapshot[: heads[0] + 1].all()
    assert not book.snapshot[heads[0] + 1 :].any()


def test_every_parameter_out_of_bounds_is_named():
    bad = BookParameters(duration_s=0, levels=1, volatility=-1.0, defects=("magic",))
    with pytest.raises(RuntimeFault) as caught:
        generate_book(bad)
    assert len(caught.value.first.notes) == 4
