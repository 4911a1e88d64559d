"""Reads an artefact folder, and refuses one that is not exactly what the compiler wrote.

`read_artifact` is the only way from a folder to a program that runs. It checks the manifest's form and its own hash,
the folder's name, and the hash of every file that the manifest lists. Files that the manifest does not list are not
looked at: nothing reads them. It proves that the folder is whole, not who made it.
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..cython_core.artifact_format import (
    MANIFEST,
    MANIFEST_VERSION,
    NAME_DIGITS,
    artifact_hash,
    canonical,
    digest,
)
from .errors import RuntimeFault, fault

#: More than any artefact has: what is larger is not read.
MAX_FILE_BYTES = 64 * 1024 * 1024

#: What every manifest has, and of which kind. `files` and `hashes` hold text by name.
_FORM: Mapping[str, type | tuple[type, ...]] = {
    "armed": str,
    "bounds": dict,
    "capital": dict,
    "clauses": list,
    "edition": dict,
    "files": dict,
    "hashes": dict,
    "instances": list,
    "instrument": dict,
    "kernel": str,
    "lateness_ns": int,
    "manifest": int,
    "min_gap_ns": int,
    "needs": list,
    "params": list,
    "risk": dict,
    "rules": list,
    "state": dict,
    "strategy": str,
    "venue": dict,
}
_HASHES = ("artifact", "ir", "kernel", "slots", "source", "venue")
_FILES = ("explain.json", "fir.txt", "strategy.yaml")
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.]*\Z")
_HASH = re.compile(r"[0-9a-f]{64}\Z")
_FOLDER_NAME = re.compile(rf"(.+)-([0-9a-f]{{{NAME_DIGITS}}})\Z")
_AGAIN = "compile the strategy again: `flashc compile FILE`"


@dataclass(frozen=True, slots=True)
class ArtifactFolder:
    """An artefact whose every listed file is as it was written. `manifest` holds plain JSON values."""

    path: Path
    manifest: Mapping[str, Any]

    @property
    def strategy(self) -> str:
        return str(self.manifest["strategy"])

    @property
    def hash(self) -> str:
        """The one hash that stands for the whole folder."""
        return str(self.manifest["hashes"]["artifact"])

    @property
    def kernel(self) -> Path:
        """The Numba kernel."""
        return self.path / str(self.manifest["kernel"])

    @property
    def object(self) -> Path | None:
        """The compiled C object; None in a folder that was made without a C compiler."""
        return self.path / "strategy.so" if "strategy.so" in self.manifest["files"] else None


def read_artifact(folder: Path) -> ArtifactFolder:
    """The artefact in `folder`. Raises RuntimeFault: FC0913 for what is no artefact of this release, FC0914 for one
    that was changed after it was made (every difference that was found)."""
    if not folder.is_dir():
        raise _unusable("there is no such folder" if not folder.exists() else "this is not a folder", folder)
    text = _manifest_text(folder)
    manifest = _decoded(text, folder / MANIFEST)
    _check_version(manifest, folder)
    _check_form(manifest, folder / MANIFEST)
    _check_itself(manifest, text, folder)
    found = [problem for name, wanted in sorted(manifest["files"].items()) for problem in _file(folder, name, wanted)]
    if found:
        raise RuntimeFault(*(problem.first for problem in found))
    return ArtifactFolder(folder, manifest)


def _manifest_text(folder: Path) -> str:
    path = folder / MANIFEST
    try:
        data = _content(path)
    except FileNotFoundError:
        inside = sorted(path.parent.name for path in folder.glob(f"*/{MANIFEST}")) if folder.is_dir() else []
        helps = (f"it holds artefacts: `flashc verify {folder}/*`",) if inside else ()
        raise _unusable(f"the folder has no {MANIFEST}", folder, *helps) from None
    except (OSError, ValueError) as error:
        raise _unusable(f"{MANIFEST} cannot be read: {_reason(error)}", path) from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise _unusable(f"{MANIFEST} is not UTF-8 text", path) from None


def _decoded(text: str, path: Path) -> dict[str, Any]:
    try:
        found = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise _unusable(f"{MANIFEST} is not JSON", path) from None
    if not isinstance(found, dict) or type(found.get("manifest")) is not int:
        raise _unusable(f"{MANIFEST} is not a manifest of flashc", path)
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


def _check_version(manifest: Mapping[str, Any], folder: Path) -> None:
    version = manifest["manifest"]
    if version != MANIFEST_VERSION:
        older = version < MANIFEST_VERSION
        raise fault(
            "FC0913",
            f"an artefact of manifest version {version}; this release reads version {MANIFEST_VERSION}",
            str(folder),
            helps=(_AGAIN if older else "use the release of flashc that made it, or a later one",),
        )


def _check_form(manifest: Mapping[str, Any], path: Path) -> None:
    for key, kind in _FORM.items():
        if not isinstance(manifest.get(key), kind) or (kind is int and isinstance(manifest[key], bool)):
            raise _unusable(f"the manifest has no usable `{key}`", path)
    hashes, files = manifest["hashes"], manifest["files"]
    for name in _HASHES:
        if not _is_hash(hashes.get(name)):
            raise _unusable(f"the manifest has no usable `hashes.{name}`", path)
    for name in (*_FILES, manifest["kernel"], *files):
        if not _FILE_NAME.match(name) or name == MANIFEST or not _is_hash(files.get(name)):
            raise _unusable(f"the manifest has no usable entry for the file {name!r}", path)


def _check_itself(manifest: Mapping[str, Any], text: str, folder: Path) -> None:
    stated = manifest["hashes"]["artifact"]
    try:
        is_own = text == canonical(manifest) and artifact_hash(manifest) == stated
    except ValueError:  # text that is no Unicode
        is_own = False
    if not is_own:
        raise _changed(f"{MANIFEST} was edited: its content does not have the hash that it states", folder / MANIFEST)
    name = _FOLDER_NAME.match(folder.resolve().name)
    if name is not None and name[2] != stated[:NAME_DIGITS]:
        strategy = manifest["strategy"]
        raise _changed(f"the folder is named {name[0]} and holds {strategy}-{stated[:NAME_DIGITS]}", folder)


def _file(folder: Path, name: str, wanted: str) -> Iterable[RuntimeFault]:
    path = folder / name
    try:
        data = _content(path)
    except FileNotFoundError:
        yield _changed(f"{name} is missing", path)
        return
    except (OSError, ValueError) as error:
        yield _changed(f"{name} cannot be read: {_reason(error)}", path)
        return
    if digest(data) != wanted:
        yield _changed(f"{name} was changed after it was made", path)


def _content(path: Path) -> bytes:
    """The bytes of a regular file. Raises OSError, also for a symbolic link, ValueError for what is no such file."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            raise ValueError("not a regular file")
        if facts.st_size > MAX_FILE_BYTES:
            raise ValueError(f"larger than {MAX_FILE_BYTES // 1024 // 1024} MiB")
        return file.read()


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.errno == errno.ELOOP:  # what O_NOFOLLOW reports
        return "it is a symbolic link"
    return str(error.strerror if isinstance(error, OSError) else error).lower()


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and _HASH.match(value) is not None


def _unusable(message: str, where: Path, *helps: str) -> RuntimeFault:
    return fault("FC0913", message, str(where), helps=helps or (_AGAIN,))


def _changed(message: str, where: Path) -> RuntimeFault:
    return fault("FC0914", message, str(where), helps=(f"an artefact is never edited; {_AGAIN}",))
