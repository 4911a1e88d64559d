"""The standard library: one table row per function."""
