"""The simulated exchange on books and trades: order books, queue models, matching, the two-cursor event loop."""
