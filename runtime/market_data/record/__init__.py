"""Live streams to history: rows on disk as they come, committed to the store piece by piece."""
