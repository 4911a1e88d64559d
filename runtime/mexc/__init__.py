"""The client of MEXC spot: REST, streams, books that are never wrong, and an account that is reconciled."""
