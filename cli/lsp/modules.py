"""The modules that a strategy uses: their functions, and where each is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...compiler.frontend.modules import STANDARD, Loader, Module
from ...dsl.diagnostics import Diagnostics
from ...dsl.document import Document, FunctionDecl
from ...dsl.source import Source


@dataclass(frozen=True, slots=True)
class Found:
    """A module's file, its text, and one of its functions (None: the module itself)."""

    path: Path
    source: Source
    function: FunctionDecl | None = None


def module(document: Document, short: str) -> Module | None:
    """The module that a strategy calls by its last name."""
    loader = Loader(document, Diagnostics())
    full = loader.use(document.uses).get(short)
    return loader.modules.get(full) if full is not None else None


def functions_of(document: Document, short: str) -> list[str]:
    """The public functions of a module."""
    found = module(document, short)
    return [name for name in found.functions if name not in found.private] if found is not None else []


def find(document: Document, full: str, function: str = "") -> Found | None:
    """Where a module, or a function of it, is written."""
    loader = Loader(document, Diagnostics())
    path = next((p for p in loader.candidates(full) if p.is_file()), None)
    loaded = module(document, full.rpartition(".")[2])
    if path is None or loaded is None:
        return None
    return Found(path, loaded.source, loaded.functions.get(function))


def standard_modules() -> list[str]:
    """The compiler's own modules, as `use:` names them."""
    return [f"std.{path.stem}" for path in sorted(STANDARD.glob("*.yaml"))]
