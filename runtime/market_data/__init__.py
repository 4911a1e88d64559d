"""History: import, generate, verify, and tapes."""
