"""The diagnostic codes, one module per group of the catalogue."""
