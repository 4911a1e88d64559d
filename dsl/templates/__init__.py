"""Starter files for new strategies. Each is a complete strategy that checks without an error."""

from __future__ import annotations

from importlib.resources import files

TEMPLATES = ("minimal", "full", "book")
_PLACEHOLDER = "strategy: my_strategy"


def starter(name: str, template: str = "minimal") -> str:
    """The text of a new strategy file. `name` is a strategy name, `template` one of `TEMPLATES`."""
    assert template in TEMPLATES, f"no template called {template}"
    text = files(__package__).joinpath(f"{template}.yaml").read_text(encoding="utf-8")
    assert _PLACEHOLDER in text
    return text.replace(_PLACEHOLDER, f"strategy: {name}", 1)
