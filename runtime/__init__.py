"""Runs artefacts: backtests, market data, and the exchange's client."""
