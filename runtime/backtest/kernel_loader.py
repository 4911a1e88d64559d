"""Loads a kernel file of an artefact: compiles it, or takes the compiled code from Numba's disk cache."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from ...cython_core.kernel_stamp import kernel_name, kernel_stamp
from . import machine_code
from .driver import KernelAddresses


class KernelError(Exception):
    """The kernel file cannot be used: it is missing, or was made for another version of the kernel library."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """A loaded kernel. `keeper` owns the machine code; keep this object as long as the addresses are used."""

    addresses: KernelAddresses
    keeper: object


def load(path: Path, on_compile: Callable[[], None] | None = None) -> Kernel:
    """Import the kernel file at `path`. The first load of a new kernel compiles it, which takes seconds.

    `on_compile` is called before that happens.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise KernelError(f"cannot read the kernel {path}: {error.strerror}") from None
    if kernel_stamp() not in text.partition("\n")[0]:
        raise KernelError(f"{path} was made for another version of flashc; compile the strategy again")
    if path.stem != kernel_name(text):
        raise KernelError(f"{path} was changed after it was made; compile the strategy again")
    stored = _stored(path)
    code = machine_code.load(stored)
    if code is None:
        if on_compile is not None:
            on_compile()
        code = _compiled(path, stored)
    return Kernel(KernelAddresses(**code.addresses), code)


def is_stored(path: Path) -> bool:
    """Whether the kernel of this path need not be compiled."""
    return _stored(path).is_file()


def _stored(path: Path) -> Path:
    return machine_code.folder() / f"{path.stem}-{machine_code.environment(path.stem)}"


def _compiled(path: Path, stored: Path) -> machine_code.Code:
    """The kernel through Numba; what it compiled is stored for the next process."""
    module = sys.modules.get(path.stem) or import_kernel(path)
    functions = {name: getattr(module, name) for name in ("init", "events", "report")}
    machine_code.store(stored, functions)
    return machine_code.Code({name: function.address for name, function in functions.items()}, module)


def import_kernel(path: Path) -> ModuleType:
    """Import a kernel file with Numba: compile it, or take it from Numba's own disk cache."""
    from . import numba_cache

    numba_cache.provide(path)
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
