"""Requests to the exchange: signed, within the budget, sent once, with typed answers and typed errors."""
