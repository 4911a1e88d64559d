"""The forms that `compile --emit` prints: what each stage makes of a strategy."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .problem import Problem

if TYPE_CHECKING:
    from ..compiler.pipeline import Compiled

#: Form -> what it is, in the order of the stages.
FORMS = {
    "hir": "the typed graph",
    "fir": "the program",
    "py": "the Numba kernel",
    "c": "the C file",
    "llvm": "LLVM's text of the kernel's hot loop",
    "asm": "the machine code of the C object's hot loop",
    "asm-numba": "the machine code of the kernel's hot loop",
    "manifest": "the facts of the artefact",
}
_OTHER_NAMES = {"kernel": "py"}

_DEFINITION = re.compile(r"^define .*?@\"?(_ZN[^\"(]+)\"?\((.*?)^}", re.DOTALL | re.MULTILINE)
_NOISE = re.compile(
    r", ![\w.]+ !\d+|, align \d+|\s+#\d+(?= \{|$)|\b(?:range|captures)\([^)]*\) "
    r"|\b(?:noundef|noalias|nocapture|nonnull|readonly|readnone|writeonly|local_unnamed_addr|dso_local) "
)
_STATE_WORD = re.compile(r"= getelementptr i8, ptr %arg\.s[tf], i64 (\d+)$")
_MANGLED = re.compile(r"@\"?_ZN(\w+?)[BE]?[\w$]*\"?")


def forms(emit: str | None) -> list[str]:
    """The names that `--emit` gives. Raises `Problem` for one that is none."""
    asked = [form.strip() for form in emit.split(",")] if emit else []
    found = [_OTHER_NAMES.get(form, form) for form in asked]
    for form, name in zip(asked, found, strict=True):
        if name not in FORMS:
            raise Problem(f"there is no form `{form}`", helps=(f"there are: {', '.join(FORMS)}",))
    return found


def form_text(compiled: Compiled, form: str, cc: str | None) -> str:
    """The text of one form. `cc` names the C compiler, for those that need one."""
    if form == "hir":
        from .hir_text import hir_text

        return hir_text(compiled.checked)
    if form == "fir":
        from ..compiler.ir.printer import print_program

        return print_program(compiled.program)
    if form == "py":
        return compiled.kernel
    if form in ("llvm", "asm-numba"):
        return _numba(compiled, form)
    if form == "manifest":
        from ..compiler.artifact import artifact_of, canonical

        return canonical(artifact_of(compiled).manifest)
    from ..compiler.native import strategy_text

    text = strategy_text(compiled)
    return text if form == "c" else _asm(text, cc)


def _asm(text: str, cc: str | None) -> str:
    from ..compiler.backends.c.machine_code import hot_loop
    from ..compiler.backends.c.toolchain import find_toolchain

    return hot_loop(text, find_toolchain(cc))


def _numba(compiled: Compiled, form: str) -> str:
    """`events` as Numba compiled it: LLVM's text after optimising, or machine code."""
    import llvmlite.binding as llvm

    from ..compiler.artifact import write_artifact
    from ..compiler.ir.layout import offsets
    from ..runtime.backtest.kernel_loader import import_kernel
    from ..runtime.cache_root import cache_root

    if platform.machine() == "x86_64":
        llvm.set_option("flashc", "--x86-asm-syntax=intel")  # as `asm`; before Numba makes its printer
    folder = write_artifact(compiled, cache_root())
    module = import_kernel(next(folder.glob("kernel_*.py")))
    library: Any = module.events._library
    if form == "asm-numba":
        return native_function(library.get_asm_str())
    at = offsets(compiled.program)
    return llvm_function(library.get_llvm_str(), {8 * at[slot.name]: slot.label for slot in compiled.program.slots})


def llvm_function(text: str, words: Mapping[int, str], name: str = "events") -> str:
    """The function called `name`, without what only the optimiser reads; `words` are names of state by offset."""
    for found in _DEFINITION.finditer(text):
        if _is(found[1], name):
            lines = [_short(line, words) for line in found[0].splitlines() if not line.lstrip().startswith(";")]
            kept = [line for line in lines if line.strip() and "@llvm.dbg" not in line and "@llvm.lifetime" not in line]
            count = sum(line.startswith("  ") for line in kept)
            return f"; {name}: Numba, {count} instructions\n" + "\n".join(kept) + "\n"
    raise AssertionError(f"Numba compiled no function {name}")


def native_function(text: str, name: str = "events") -> str:
    """The machine code of the function called `name`, without directives."""
    bodies = re.findall(r"^(_ZN\w+):\n(.*?)^\.Lfunc_end", text, re.DOTALL | re.MULTILINE)
    body = next(body for symbol, body in bodies if _is(symbol, name))
    lines = list(_instructions(body.splitlines()))
    count = sum(line.startswith("    ") for line in lines)
    return f"# {name}: Numba, {count} instructions\n{name}:\n" + "\n".join(lines) + "\n"


def _instructions(body: list[str]) -> Iterator[str]:
    used = {label for line in body if not line.endswith(":") for label in re.findall(r"\.L\w+", line)}
    for line in body:
        code = line.partition("#")[0].rstrip()
        if code.endswith(":"):
            if code[:-1] in used:
                yield code
        elif code and not code.lstrip().startswith("."):
            yield "    " + " ".join(code.split())


def _is(symbol: str, name: str) -> bool:
    """Whether a mangled symbol is the native function `name` (its C wrapper is called otherwise)."""
    return f"{len(name)}{name}B" in symbol or f"{len(name)}{name}E" in symbol


def _short(line: str, words: Mapping[int, str]) -> str:
    text = _MANGLED.sub(_plain, _NOISE.sub("", line)).rstrip()
    state = _STATE_WORD.search(text)
    label = words.get(int(state[1]), "") if state is not None else ""
    return f"{text:<64}; {label}" if label else text


def _plain(found: re.Match[str]) -> str:
    """`@flashc.runtime.backtest.native_ops.iadd` -> `@iadd`."""
    rest, last = found[0].lstrip('@"'), ""
    at = rest.find("_ZN") + 3
    while at < len(rest) and rest[at].isdigit():
        digits = re.match(r"\d+", rest[at:])
        assert digits is not None
        size, at = int(digits[0]), at + len(digits[0])
        last, at = rest[at : at + size], at + size
    return f"@{last}"
