"""What the C compiler made of a strategy, looked at: assembly for readers, and proof that nothing was fused.

Fused operations round once where two operations round twice, so one of them is another result. The flags forbid them;
this looks at the machine code all the same.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from .toolchain import Toolchain, command, environment

#: Fused multiply-add and -subtract: x86 (FMA3, FMA4) and aarch64.
FUSED = re.compile(r"\bv?fn?m(?:add|sub)(?:sub|add)?[0-9]*[sp][sdh]\b|\bfn?m(?:add|sub)\b|\bfml[as]l?2?\b")

_LOCATION = re.compile(r"\s+\.loc\s+(\d+)\s+(\d+)")
_FILE = re.compile(r'\s+\.file\s+(\d+)\s+(?:"[^"]*"\s+)?"([^"]*)"')
_LABEL = re.compile(r"\.?L\w+")
_LONGEST, _COLUMN = 72, 48
_MARK = re.compile(r"/\* (.*) \*/\s*$")


def fused(content: bytes, text: str, toolchain: Toolchain) -> list[str]:
    """Lines of machine code that fuse two operations: of the object `content`, or where nothing here disassembles, of
    the assembly that the same compiler makes of `text`."""
    return [line for line in _machine_code(content, text, toolchain) if FUSED.search(line)]


def _machine_code(content: bytes, text: str, toolchain: Toolchain) -> list[str]:
    for tool in ("objdump", "llvm-objdump"):
        path = shutil.which(tool)
        if path is not None and (listing := _disassembled(path, content)):
            return listing
    return [line.partition("#")[0] for line in assembly(text, toolchain).splitlines()]


def _disassembled(tool: str, content: bytes) -> list[str]:
    """Instructions without addresses; empty if the tool cannot read the object."""
    with tempfile.NamedTemporaryFile(suffix=".so") as file:
        file.write(content)
        file.flush()
        call = [tool, "-d", "--no-show-raw-insn", file.name]
        done = subprocess.run(call, capture_output=True, text=True, env=environment(), check=False)
    lines = done.stdout.splitlines() if done.returncode == 0 else []
    return [line.partition("\t")[2] for line in lines if "\t" in line]


def assembly(text: str, toolchain: Toolchain, extra: Sequence[str] = ()) -> str:
    """The assembly of a generated file, with the flags of its object. Raises `subprocess.CalledProcessError`."""
    quiet = ["-Wno-unused-command-line-argument"] if toolchain.family == "clang" else []
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "strategy.s"
        words = command(toolchain, target, False, ("-S", *quiet, *extra))
        subprocess.run(words, input=text.encode(), capture_output=True, cwd=folder, env=environment(), check=True)
        return target.read_text(encoding="utf-8")


def hot_loop(text: str, toolchain: Toolchain, function: str = "strategy_events") -> str:
    """The assembly of one function for readers: no directives, and where code of another line of `text` begins,
    what that line says about its place in the strategy file."""
    intel = ["-masm=intel"] if "x86" in " ".join(command(toolchain, Path("x"), False)) else []
    listing = assembly(text, toolchain, ("-g1", *intel))
    lines = list(_readable(_body(listing, function), text.splitlines(), _files(listing)))
    count = sum(line.startswith("    ") for line in lines)
    head = f"# {function}: {toolchain.identity}, {count} instructions\n{function}:\n"
    return head + "\n".join(lines) + "\n"


def _body(listing: str, function: str) -> list[str]:
    lines = listing.splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith(f"{function}:"))
    end = next(k for k in range(start, len(lines)) if lines[k].lstrip().startswith(f".size\t{function},"))
    return lines[start + 1 : end]


def _files(listing: str) -> dict[str, str]:
    """Number in `.loc` -> name of the header; the generated file itself is not listed."""
    found = {m[1]: m[2] for line in listing.splitlines() if (m := _FILE.match(line))}
    return {number: Path(name).name for number, name in found.items() if name.endswith(".h")}


def _readable(body: Sequence[str], source: Sequence[str], files: dict[str, str]) -> Iterator[str]:
    used = {label for line in body if not line.endswith(":") for label in _LABEL.findall(line.partition("#")[0])}
    place = said = ""
    for line in body:
        code = line.partition("#")[0].rstrip()
        if location := _LOCATION.match(line):
            if location[1] not in files:  # code of a header belongs to the line that called it
                place = _place(int(location[2]), source)
        elif code.endswith(":"):
            if code[:-1] in used:
                yield code
                said = ""
        elif code and not code.lstrip().startswith("."):
            text = "    " + " ".join(code.split("\t")).strip()
            yield f"{text:<{_COLUMN}}# {place}" if place and place != said else text
            said = place


def _place(line: int, source: Sequence[str]) -> str:
    """What a line of the generated file says about its place in the strategy file, or else the line itself."""
    text = source[line - 1].strip() if 0 < line <= len(source) else ""
    mark = _MARK.search(text)
    return mark[1] if mark else text[:_LONGEST] if re.search(r"\w", text) else ""
