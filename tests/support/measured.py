"""`docs/measured.py`, which is a script and no module: what data the ready strategies are measured on."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

_PLACE = Path(__file__).resolve().parents[2] / "docs" / "measured.py"


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("measured", _PLACE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MEASURED = _loaded()
