"""Writing text files so that a reader sees the old text or the new one, never a part."""

from __future__ import annotations

import difflib
import errno
import os
import tempfile
from pathlib import Path


def replace_text(path: Path, text: str) -> None:
    """Replace the content of `path`, keeping its permissions. A symbolic link is followed. Raises OSError."""
    target = path.resolve()
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:  # a reader knows the file, not the temporary one
        raise type(error)(error.errno, error.strerror, str(path)) from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        if target.exists():
            os.chmod(name, target.stat().st_mode & 0o777)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def create_text(path: Path, text: str) -> None:
    """Write a new file. Raises FileExistsError rather than overwrite."""
    with path.open("x", encoding="utf-8", newline="") as file:
        file.write(text)


def unified_diff(path: Path, before: str, after: str) -> str:
    """The change as a patch."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), str(path), f"{path} (new)"
    )
    return "".join(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in lines)
