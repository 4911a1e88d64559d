"""`flashc test`: the tests that are written in a strategy file, run."""
