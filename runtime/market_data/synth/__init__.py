"""Data from a seed: bars, books with trades, and faults for them."""
