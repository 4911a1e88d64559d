"""Everything that can go wrong between a client and an exchange, as named rows that can be injected and healed."""
