"""The analyses that come after all facts are known."""

from __future__ import annotations

from ...dsl.diagnostics import Diagnostics
from ..frontend.built import Built
from ..ir.hir import Facts
from .presence import Presence


def run(built: Built, facts: Facts, live: frozenset[int], present: Presence, bag: Diagnostics) -> None:
    """Run them all."""
