"""The backtest engine: drivers, order simulator, metrics, run folder."""
