"""Facts about HIR: units, clocks, presence, intervals, warm-up, bounds. Analyses change nothing."""
