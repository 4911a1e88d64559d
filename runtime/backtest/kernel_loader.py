"""Loads a kernel file of an artefact: compiles it, or takes the compiled code from Numba's disk cache."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from ...cython_core.kernel_stamp import kernel_name, kernel_stamp
from . import numba_cache
from .driver import KernelAddresses


class KernelError(Exception):
    """The kernel file cannot be used: it is missing, or was made for another version of the kernel library."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """A loaded kernel. The module owns the machine code; keep this object as long as the addresses are used."""

    addresses: KernelAddresses
    module: ModuleType


def load(path: Path) -> Kernel:
    """Import the kernel file at `path`. The first load of a new kernel compiles it, which takes seconds."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise KernelError(f"cannot read the kernel {path}: {error.strerror}") from None
    if kernel_stamp() not in text.partition("\n")[0]:
        raise KernelError(f"{path} was made for another version of flashc; compile the strategy again")
    if path.stem != kernel_name(text):
        raise KernelError(f"{path} was changed after it was made; compile the strategy again")
    numba_cache.provide(path)
    module = sys.modules.get(path.stem) or _import(path)
    addresses = KernelAddresses(module.init.address, module.event.address, module.report.address)
    return Kernel(addresses, module)


def _import(path: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification is not None, f"{path} is not a Python file"
    assert specification.loader is not None, f"{path} cannot be loaded"
    module = importlib.util.module_from_spec(specification)
    sys.modules[path.stem] = module  # Numba's cache finds the module by its name, which is its content's hash
    try:
        specification.loader.exec_module(module)
    except BaseException:
        del sys.modules[path.stem]
        raise
    return module
