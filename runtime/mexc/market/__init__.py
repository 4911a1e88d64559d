"""Market data from streams and snapshots: books that are right or say that they are not, trades, candles."""
