"""Folders of data sets: how they are named, and how they are replaced as a whole."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from ..errors import fault

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


def valid_name(name: str) -> str:
    """`name` if it can be a folder's name on any system, else FC1011."""
    if not _NAME.fullmatch(name) or name.endswith("."):
        note = "names are lower-case letters, digits, `.`, `_` and `-`, at most 100 of them"
        raise fault("FC1011", f"`{name[:120]}` cannot be the name of a data set", "--name", notes=(note,))
    return name


def target_of(name: str, root: Path, replace: bool) -> Path:
    """The folder of a data set to be stored. FC1011 for its name, FC1017 if it exists and `replace` is off."""
    target = root / valid_name(name)
    if target.exists() and not replace:
        helps = ("`--replace` overwrites it", "`--name` gives it another name")
        raise fault("FC1017", f"there already is a data set `{name}`", str(target), helps=helps)
    return target


def put(target: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a fresh folder and put it in the place of `target`. FC1017 if the folder is not writable."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            write(fresh)
            swap(fresh, target)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        raise fault("FC1017", f"cannot write the data set: {error.strerror or error}", str(target)) from error


def swap(fresh: Path, target: Path) -> None:
    """Put `fresh` in the place of `target`: a reader sees the old folder or the new one, for an instant none."""
    if not target.exists():
        os.rename(fresh, target)
        return
    old = fresh.with_name(fresh.name + ".old")
    os.rename(target, old)
    os.rename(fresh, target)
    shutil.rmtree(old, ignore_errors=True)
