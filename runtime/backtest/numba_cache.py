"""Where compiled code is kept between runs.

Numba keeps it beside the source (`__pycache__`), or in the user's cache folder, or where `NUMBA_CACHE_DIR` says. When
none of them can be written, Numba refuses to cache at all; then a private folder serves this process and is removed.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from . import machine_code

#: Numba's disk cache is used only where object code cannot be kept (`machine_code.py`).
ENABLED = not machine_code.SUPPORTED


def provide(source: Path, needed: bool = ENABLED) -> None:
    """Make sure that functions of the file `source` can be cached somewhere, if Numba is to cache them (`needed`)."""
    if not needed:
        return
    from numba.core import config as numba_config
    from numba.misc.appdirs import AppDirs

    config: Any = numba_config
    if config.CACHE_DIR:
        return
    directories: Any = AppDirs
    user = Path(directories(appname="numba", appauthor=False).user_cache_dir)
    if not (_writable(source.parent / "__pycache__") or _writable(user)):
        config.CACHE_DIR = tempfile.mkdtemp(prefix="flashc-numba-")
        atexit.register(shutil.rmtree, config.CACHE_DIR, ignore_errors=True)


def _writable(folder: Path) -> bool:
    """Whether files can be made in `folder`, which need not exist yet."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder)
    except OSError:
        return False
    os.close(handle)
    os.unlink(name)
    return True
