"""Keys of the exchange: where they come from, whose they are, and how they stay unseen."""
