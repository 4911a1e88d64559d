"""Writing files so that no reader ever sees half of one."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from ..errors import fault


def write_atomically(path: Path, parts: Iterable[bytes | memoryview]) -> None:
    """Write `parts` beside `path`, then rename. FC1017 if that is not possible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                for part in parts:
                    file.write(part)
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise fault("FC1017", f"cannot write: {error.strerror}", str(path)) from error


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes. FC1001 if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise fault("FC1001", f"cannot read the file: {error.strerror}", str(path)) from error
