"""Runs artefacts: backtests, market data."""
