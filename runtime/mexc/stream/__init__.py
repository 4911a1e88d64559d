"""Streams of the exchange: connections, sessions of channels over them, and what they ask for and tell."""
