"""The network's edge: HTTP requests, and the clocks that outer shells read."""
