"""What the writer and the reader of an artefact folder agree on: names, the manifest's version, its canonical form.

The manifest lists the SHA-256 of every other file, and `hashes.artifact` is the SHA-256 of the manifest itself without
that entry. So one number stands for the whole folder; its first twelve digits end the folder's name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

MANIFEST_VERSION = 2
MANIFEST = "manifest.json"

#: Facts about when and from what a folder was made. No hash covers it, and nothing reads it to run.
PROVENANCE = "provenance.json"

#: Digits of the artefact's hash in the folder's name.
NAME_DIGITS = 12


def canonical(value: object) -> str:
    """JSON with sorted keys: equal values, equal bytes. Refuses NaN and infinities."""
    return json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def digest(content: str | bytes) -> str:
    """SHA-256 as 64 hex digits; text as UTF-8."""
    return sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def artifact_hash(manifest: Mapping[str, Any]) -> str:
    """The hash that `hashes.artifact` must hold: of the manifest without that entry."""
    hashes = {name: value for name, value in manifest["hashes"].items() if name != "artifact"}
    return digest(canonical({**manifest, "hashes": hashes}))


def folder_name(strategy: str, artifact: str) -> str:
    """`ema_cross-7c1fe2a0b1c2`."""
    return f"{strategy}-{artifact[:NAME_DIGITS]}"
