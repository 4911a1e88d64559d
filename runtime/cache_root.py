"""Where things are kept that can be made again: compiled code, artefacts, built tapes."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "FLASHC_CACHE"


def cache_root() -> Path:
    """`$FLASHC_CACHE`, else `flashc` in the user's cache folder. `$XDG_CACHE_HOME` counts when it is absolute."""
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given)
    shared = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (shared if shared.is_absolute() else Path.home() / ".cache") / "flashc"
