"""The artefact folder: all that is needed to run a compiled strategy, and the contract with `runtime`.

    ema_cross-7c1fe2a0b1c2/
      manifest.json      hashes, needs, parameters, limits, venue facts, state layout, bounds, toolchain, files
      strategy.c         the program as C, with the place in the source on each line
      strategy.so        its object: what runs live
      kernel_<hash>.py   the Numba kernel
      fir.txt            the program that both were printed from
      explain.json       how to read the probes of each clause
      warmup.json        what must have passed before rules may fire
      checks.json        what was checked when the folder was made
      strategy.yaml      the source
      provenance.json    when and from which commit it was made; no hash covers it

Everything else is a function of the strategy, the venue profile and the compilers: no times, no paths, no host. A
backtest keeps the same folder without C in the cache: it needs no C compiler.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from ..cython_core.artifact_format import MANIFEST, PROVENANCE, artifact_hash, canonical, digest, folder_name
from .frontend.report import armed, warm_up
from .ir.printer import print_program
from .manifest import bounds, capital_start, kernel_file, manifest, rule_names
from .pipeline import STAGES, Compiled

__all__ = [
    "Artifact",
    "artifact_of",
    "bounds",
    "canonical",
    "capital_start",
    "manifest",
    "rule_names",
    "write_artifact",
]


@dataclass(frozen=True, slots=True)
class Artifact:
    """A folder that is not written yet: `files` by name without the manifest, and the manifest's facts."""

    files: Mapping[str, bytes]
    manifest: Mapping[str, object]
    extra: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))  # files that no hash covers

    @property
    def name(self) -> str:
        return folder_name(str(self.manifest["strategy"]), str(self.manifest["hashes"]["artifact"]))  # type: ignore[index]

    @property
    def manifest_bytes(self) -> bytes:
        return canonical(self.manifest).encode()

    @property
    def content(self) -> dict[str, bytes]:
        """All files that a hash covers, and the manifest."""
        return {**self.files, MANIFEST: self.manifest_bytes}

    def write(self, root: Path) -> Path:
        """Write the folder below `root` unless it is there already. Returns it. Raises OSError."""
        folder = root / self.name
        if (folder / MANIFEST).exists():
            return folder
        partial = root / f".{folder.name}.{os.getpid()}.partial"
        try:
            root.mkdir(parents=True, exist_ok=True)  # apart: a fault of the place is said of the place
            partial.mkdir(exist_ok=True)
            for name, data in {**self.extra, **self.content}.items():
                _write(partial / name, data)
            partial.rename(folder)
        except BaseException as error:
            shutil.rmtree(partial, ignore_errors=True)
            first = isinstance(error, OSError) and (folder / MANIFEST).exists()
            if not first:  # the disk is full, or someone pressed Ctrl-C; else another process made the same
                raise
        return folder

    def mend(self, folder: Path) -> list[str]:
        """Write the files anew that are not as they should be in a folder of this artefact. Returns their names."""
        damaged = [name for name, data in self.content.items() if not _holds(folder / name, data)]
        for name in damaged:
            partial = folder / f".{name}.{os.getpid()}.partial"
            _write(partial, self.content[name])
            partial.replace(folder / name)
        return sorted(damaged)


def _write(path: Path, data: bytes) -> None:
    """As `write_bytes`; what fails while writing (a full disk) names the file, too."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def _holds(path: Path, data: bytes) -> bool:
    return path.is_file() and not path.is_symlink() and path.read_bytes() == data


def artifact_of(
    compiled: Compiled,
    *,
    more: Mapping[str, bytes] | None = None,
    facts: Mapping[str, object] | None = None,
    hashes: Mapping[str, str] | None = None,
    checks: tuple[str, ...] = (),
    provenance: Mapping[str, object] | None = None,
) -> Artifact:
    """The folder of a compiled strategy. `more` files, `facts`, `hashes` and `checks` come from the C compiler."""
    files = {**{name: text.encode() for name, text in _texts(compiled, checks).items()}, **(more or {})}
    base = manifest(compiled)
    known = {**base["hashes"], **(hashes or {})}  # type: ignore[dict-item]
    made: dict[str, object] = {**base, **(facts or {}), "hashes": known}
    made["files"] = {name: digest(data) for name, data in files.items()}
    made["hashes"] = {**known, "artifact": artifact_hash(made)}
    extra = {} if provenance is None else {PROVENANCE: canonical(provenance).encode()}
    return Artifact(files, made, extra)


def write_artifact(compiled: Compiled, root: Path) -> Path:
    """Write the folder without C, as backtests keep it; of one that is there already, the files that are damaged.

    Returns it. Raises OSError.
    """
    made = artifact_of(compiled)
    folder = root / made.name
    if not folder.is_dir():
        return made.write(root)
    made.mend(folder)
    return folder


def _texts(compiled: Compiled, checks: tuple[str, ...]) -> dict[str, str]:
    """File contents by file name."""
    return {
        kernel_file(compiled): compiled.kernel,
        "fir.txt": print_program(compiled.program),
        "explain.json": canonical(compiled.explain),
        "warmup.json": canonical(_warm_up(compiled)),
        "checks.json": canonical(_checks(compiled, checks)),
        "strategy.yaml": compiled.checked.document.source.text,
    }


def _warm_up(compiled: Compiled) -> dict[str, object]:
    found = warm_up(compiled.checked).items()
    clocks = {str(clock): {"default": usual, "most": most} for clock, (usual, most) in found}
    return {"armed": armed(compiled.checked), "clocks": clocks}


def _checks(compiled: Compiled, checks: tuple[str, ...]) -> list[dict[str, object]]:
    """What was checked, and held: what does not hold is never written."""
    stages = (
        [f"the program is well-formed after `{name}`" for name in dict.fromkeys(STAGES[:-1])]
        if compiled.verified
        else []
    )
    return [{"check": text, "held": True} for text in (*stages, *checks)]
