"""Lists packages and their data files from the folders, so none can be forgotten, and builds the wire core.

All else is in pyproject.toml.
"""

import importlib.util
from pathlib import Path
from types import ModuleType

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
TOP = (
    "dsl", "compiler", "codegen_templates", "cython_core", "runtime", "simulator", "research", "dashboard", "cli",
    "strategies",
)  # fmt: skip
NOT_DATA = {".py", ".pyc", ".nbi", ".nbc", ".so"}


def packages() -> dict[str, Path]:
    """Dotted name under `flashc` -> folder, for every folder below TOP that holds an `__init__.py`."""
    inits = [init for top in TOP for init in sorted((ROOT / top).rglob("__init__.py"))]
    return {".".join(("flashc", *init.parent.relative_to(ROOT).parts)): init.parent for init in inits}


def data_files(folder: Path) -> list[str]:
    """Files of one package that are not code, also those in folders that are no packages, such as C headers."""
    found: list[Path] = []
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name != "__pycache__" and not any(path.rglob("__init__.py")):
            found += [file for file in sorted(path.rglob("*")) if file.is_file()]
        elif path.is_file():
            found.append(path)
    kept = [path for path in found if path.suffix not in NOT_DATA and not path.name.startswith(".")]
    return [path.relative_to(folder).as_posix() for path in kept]


class BuildPackage(build_py):
    """The root folder is the package `flashc`; this script lies in it but is not part of it."""

    def find_package_modules(self, package: str, package_dir: str) -> list[tuple[str, str, str]]:
        found = super().find_package_modules(package, package_dir)
        return [entry for entry in found if (entry[0], entry[1]) != ("flashc", "setup")]


def native_sources() -> ModuleType:
    """`cython_core/native_sources.py`, without the package around it."""
    spec = importlib.util.spec_from_file_location("native_sources", ROOT / "cython_core" / "native_sources.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def wire_core() -> Extension:
    """A plain shared library, no module of Python. Where nothing compiles it is left out: its twins in Python serve."""
    sources = native_sources()
    files = [path.relative_to(ROOT).as_posix() for path in sources.source_files()]
    return Extension(
        "flashc.cython_core._wire",
        sources=files[:1],
        depends=files[1:],
        include_dirs=[sources.INCLUDE.relative_to(ROOT).as_posix()],
        define_macros=[("FS_WIRE_SOURCES", f'"{sources.sources_hash()}"')],
        extra_compile_args=list(sources.FLAGS),
        extra_link_args=["-Wl,-z,relro", "-Wl,-z,now", "-Wl,-z,noexecstack"],
        optional=True,
    )


class BuildCore(build_ext):
    """Always compiles: the time of a file does not tell whether the library is of these sources."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.force = True


setup(
    packages=["flashc", *packages()],
    package_dir={"flashc": "."},
    package_data={"flashc": ["py.typed"], **{name: data_files(folder) for name, folder in packages().items()}},
    include_package_data=False,
    ext_modules=[wire_core()],
    cmdclass={"build_py": BuildPackage, "build_ext": BuildCore},
)
