"""The C compiler: which one, how it is called, and what the object it makes must look like.

The text goes to the compiler through standard input and the object is linked in the same call, so an object is a
function of the text, the headers, the flags and the compiler: no path, no time and no name of a temporary file.
"""

from __future__ import annotations

import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from ....cython_core.elf import SHARED, NotElf, read_elf
from ....dsl.diagnostics import Diagnostic, FlashcError

#: Where `#include <flashc/...>` is found.
INCLUDE = Path(__file__).resolve().parents[3] / "cython_core" / "include"

#: The one symbol of a generated object, and what it may take from the C library.
EXPORTS = ("flash_strategy_v1",)
IMPORTS = frozenset({"memcpy", "memmove", "memset"})

#: The instruction set that objects are made for, by machine; never that of the machine at hand.
LEVELS = {"x86_64": "x86-64-v3", "aarch64": "armv8-a"}
LEVEL = LEVELS.get(platform.machine(), "")

#: Meaning first: nothing here may change a bit of a result. `-Werror`: what the printer makes has no warnings.
FLAGS = (
    "-std=c11",
    "-O2",
    "-ffp-contract=off",
    "-fno-fast-math",
    "-fexcess-precision=standard",
    "-fwrapv",
    "-fno-math-errno",
    f"-march={LEVEL}",
    "-fvisibility=hidden",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wconversion",
    "-Wdouble-promotion",
    "-fPIC",
    "-fno-lto",
)

#: What distributions switch on beside the flags above and would make another object: guards that import symbols.
_PLAIN = (
    "-U_FORTIFY_SOURCE",
    "-fno-stack-protector",
    "-fcf-protection=none",
    "-fno-asynchronous-unwind-tables",
    "-fno-ident",
    "-frandom-seed=flashc",
)

#: No start-up objects (old ones set flush-to-zero), no library, no identity of the build, no lazy binding.
_LINK = ("-shared", "-nostdlib", "-Wl,--build-id=none", "-Wl,-z,noexecstack", "-Wl,-z,relro", "-Wl,-z,now", "-s")

_ONLY_GCC = frozenset({"-fexcess-precision=standard"})
_ONLY_X86 = frozenset({"-fcf-protection=none"})
_CANDIDATES = ("gcc", "clang", "cc")

#: What every C compiler that is whole compiles.
_EMPTY = (
    "#include <stdbool.h>\n#include <stdint.h>\n#include <string.h>\nint empty(void);\nint empty(void) { return 0; }\n"
)

_VERSION = re.compile(r"\b(gcc|clang) version (\d+\.\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A C compiler: `path` starts it, with `arguments` before all others; `identity` is such as `gcc-12.2.0`."""

    path: str
    family: str  # gcc or clang
    identity: str
    arguments: tuple[str, ...] = ()


class BrokenCode(Exception):
    """A generated file does not compile, or its object breaks the rules: a fault of flashc."""

    def __init__(self, messages: str) -> None:
        self.messages = messages
        super().__init__(messages.strip().partition("\n")[0])


def find_toolchain(name: str | None = None) -> Toolchain:
    """The compiler called `name`, else the one that `$CC` names, else gcc or clang. Raises `FlashcError` (FC0909)."""
    wanted = name or os.environ.get("CC", "").strip()
    return _find(wanted, os.environ.get("PATH", ""))


@lru_cache
def _find(wanted: str, search: str) -> Toolchain:
    if not (LEVEL and sys.platform.startswith("linux")):
        raise _missing(f"the C engine does not run on {sys.platform} {platform.machine()}", "use another engine")
    for words in [_words(wanted)] if wanted else [(name,) for name in _CANDIDATES]:
        path = shutil.which(words[0], path=search) if words else None
        found = _identified(path, words[1:]) if path else None
        if found is not None:
            return found
    if wanted:
        raise _missing(f"`{wanted}` is not a C compiler that can be run", "name another, or leave `--cc` and `CC` out")
    raise _missing("no C compiler is installed", "install one: `apt install gcc libc6-dev`")


def _words(wanted: str) -> tuple[str, ...]:
    """The words of `$CC`: a program and its arguments; none where a quote is not closed."""
    try:
        return tuple(shlex.split(wanted))
    except ValueError:
        return ()


def _identified(path: str, arguments: tuple[str, ...]) -> Toolchain | None:
    try:
        told = subprocess.run([path, *arguments, "-v"], capture_output=True, text=True, env=environment(), timeout=60)
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    version = _VERSION.search(told.stderr)
    if told.returncode != 0 or version is None:
        return None
    return Toolchain(path, version[1], f"{version[1]}-{version[2]}", arguments)


def _missing(message: str, help_: str) -> FlashcError:
    return FlashcError([Diagnostic("FC0909", message, None, helps=(help_,), where="C compiler")])


def flags(toolchain: Toolchain) -> list[str]:
    """All flags of an object, in order."""
    left_out = (_ONLY_GCC if toolchain.family == "clang" else frozenset()) | (
        frozenset() if LEVEL.startswith("x86") else _ONLY_X86
    )
    return [flag for flag in (*FLAGS, *_PLAIN, *_LINK) if flag not in left_out]


@lru_cache(maxsize=1)
def header_stamp() -> str:
    """64 hex digits over the headers."""
    digest = sha256()
    for path in sorted(INCLUDE.glob("flashc/*.h")):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def build_hash(text: str, toolchain: Toolchain, extra: Sequence[str] = ()) -> str:
    """64 hex digits over all that decides the bytes of the object; `extra` flags as for `build`."""
    parts = [toolchain.identity, *toolchain.arguments, *flags(toolchain), *extra, header_stamp(), text]
    return sha256("\0".join(parts).encode()).hexdigest()


def build(text: str, target: Path, toolchain: Toolchain, *, extra: Sequence[str] = ()) -> None:
    """Compile a generated file to the shared object `target`, which appears whole or not at all.

    `extra` flags come last; an object for a sanitizer is linked with its libraries and its symbols are not checked.
    Raises `BrokenCode`, OSError.
    """
    Started(text, target, toolchain, extra).finish()


class Started:
    """A compilation under way: the compiler works while the caller does something else."""

    def __init__(self, text: str, target: Path, toolchain: Toolchain, extra: Sequence[str] = ()) -> None:
        self._toolchain, self._target, self._extra = toolchain, target, extra
        self._free = any(flag.startswith("-fsanitize") for flag in extra)
        target.parent.mkdir(parents=True, exist_ok=True)
        self._folder = tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent)
        self._partial = Path(self._folder.name) / "strategy.so"
        self._source = Path(self._folder.name) / "strategy.c"
        self._source.write_text(text, encoding="utf-8")
        digest = bytes.fromhex(build_hash(text, toolchain, extra))
        known = f"-DFS_BUILD_HASH={{{','.join(f'{byte:#x}' for byte in digest)}}}"
        self._process = self._start(command(toolchain, self._partial, self._free, (known, *extra)))

    def _start(self, words: Sequence[str]) -> subprocess.Popen[str]:
        with self._source.open("rb") as source:
            return subprocess.Popen(
                words,
                stdin=source,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                env=environment(),
                cwd=self._folder.name,
            )

    def stop(self) -> None:
        """Give up: nothing is left behind."""
        self._process.kill()
        with self._folder:
            self._process.communicate()

    def finish(self) -> None:
        """Wait for the compiler, check the object and put it in its place. Raises `BrokenCode`, OSError."""
        with self._folder:
            _, messages = self._process.communicate()
            if self._process.returncode != 0 or not self._partial.is_file():
                raise _failed(self._toolchain, _said(messages, self._process.returncode), self._extra)
            if not self._free:
                check_symbols(self._partial.read_bytes())
            self._partial.replace(self._target)


def command(toolchain: Toolchain, target: Path, free: bool, extra: Sequence[str] = ()) -> list[str]:
    """The words of the call. The text is read from standard input."""
    given = flags(toolchain)
    if free:
        given = [flag for flag in given if flag not in ("-nostdlib", "-s")]
    maps = [f"-ffile-prefix-map={INCLUDE}=include", f"-fdebug-prefix-map={INCLUDE}=include"]
    place = ["-I", str(INCLUDE), *maps, "-x", "c", "-", "-o", str(target)]
    return [toolchain.path, *toolchain.arguments, *given, "-pipe", *extra, *place]


def environment() -> dict[str, str]:
    """No variable that would change what a compiler includes or links; messages in English."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "LC_ALL": "C", "SOURCE_DATE_EPOCH": "0"}


def _said(messages: str, returncode: int) -> str:
    """What the compiler said, or how it ended in silence."""
    if messages.strip():
        return messages
    return f"it was ended by signal {-returncode}" if returncode < 0 else f"it wrote no object (exit code {returncode})"


def _failed(toolchain: Toolchain, messages: str, extra: Sequence[str] = ()) -> Exception:
    """What a failing compiler means: a machine without its headers or its linker, a compiler that compiles nothing, or
    a fault of ours."""
    lacking = re.search(r"fatal error: ([\w./]+): No such file|'([\w./]+)' file not found", messages)
    header = next((name for name in lacking.groups() if name), "") if lacking else ""
    if header and not header.startswith("flashc/"):
        return _missing(f"the C compiler finds no <{header}>", "install the headers: `apt install libc6-dev`")
    if re.search(r"cannot (find|exec|execute) '?(ld|as|cc1)\b|unable to execute command", messages):
        return _missing(f"{toolchain.identity} is not whole: {messages.splitlines()[0]}", "`apt install gcc libc6-dev`")
    useless = _useless(toolchain, extra)
    if useless is not None:
        lines = useless.strip().splitlines()
        first = next((line for line in lines if "error" in line), lines[0])
        mend = "mend it, make room in the folder for temporary files, or name another with `CC`"
        return _missing(f"`{shown(toolchain)}` does not even compile an empty function: {first}", mend)
    return BrokenCode(messages.replace(str(INCLUDE), "include"))


def shown(toolchain: Toolchain) -> str:
    """The compiler as the user called it."""
    return shlex.join([toolchain.path, *toolchain.arguments])


def _useless(toolchain: Toolchain, extra: Sequence[str]) -> str | None:
    """What the compiler says against a program that is right; None if it compiles it, so the fault is ours."""
    free = any(flag.startswith("-fsanitize") for flag in extra)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "empty.so"
        words = command(toolchain, target, free, extra)
        done = subprocess.run(words, input=_EMPTY, capture_output=True, text=True, errors="replace", env=environment())
        if done.returncode == 0 and target.is_file():
            return None
        return _said(done.stderr, done.returncode)


def check_symbols(content: bytes) -> None:
    """One symbol out, three at most in. Raises `BrokenCode`."""
    try:
        elf = read_elf(content)
    except NotElf as error:
        raise BrokenCode(f"the compiler wrote no ELF file: {error}") from None
    if elf.kind != SHARED:
        raise BrokenCode("the compiler wrote no shared object")
    if elf.exported() != list(EXPORTS):
        raise BrokenCode(f"the object exports {', '.join(elf.exported()) or 'nothing'}")
    foreign = [name for name in elf.undefined() if name not in IMPORTS]
    if foreign:
        raise BrokenCode(f"the object needs {', '.join(foreign)}")
