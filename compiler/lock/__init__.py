"""`flash.lock`: what strategies are made of besides their own text, pinned and reviewed like code.

| module | does |
|---|---|
| `pins.py` | what a checked strategy is made of, as text by place |
| `file.py` | the file: writes it, reads it back with the place of every value, refuses what was not written by flashc |
| `compare.py` | what differs, as diagnostics that point into the file |
"""
