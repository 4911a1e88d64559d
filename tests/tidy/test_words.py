"""Words and marks that do not belong in the files that are kept."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = {".py", ".md", ".yaml", ".yml", ".toml", ".json", ".lark", ".j2", ".c", ".h", ".txt", ".test", ".in", ""}

#: pattern -> what to do instead. Spelled in pieces so that this file does not find itself.
UNWANTED: dict[str, str] = {
    r"\bT" + r"ODO\b|\bF" + r"IXME\b|\bX" + r"XX\b": "do it, or open an issue",
    r"raise NotImplemented" + r"Error": "finish it, or leave the feature out",
    r"/home/[a-z]|/Use" + r"rs/|/ro" + r"ot/|/wo" + r"rk/|/tm" + r"p/v/": "no paths of one machine",
    r"(?i)\b(blazing"
    + r"ly|revolution"
    + r"ary|cutting-ed"
    + r"ge|world-cl"
    + r"ass|seamless"
    + r"ly)\b": "say what it does",
    r"(?i)\b(generated|written|built|made) (by|with) (an? )?(ai|chatbot|assistant|agent)\b": "say nothing of it",
    r"(?i)co-authored-b" + r"y:": "say nothing of it",
}


def unwanted(name: str, text: str) -> list[str]:
    found = []
    for pattern, instead in UNWANTED.items():
        for match in re.finditer(pattern, text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(f"{name}:{line}: {match[0]!r}: {instead}")
    return found


def kept_files() -> list[Path]:
    """Files under version control, or all files when there is no repository (an unpacked sdist)."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    names = [ROOT / name for name in done.stdout.split("\0") if name]
    return [path for path in names if path.is_file() and path.suffix in TEXT and path.name != "test_words.py"]


def test_no_unwanted_words() -> None:
    found = []
    for path in kept_files():
        found += unwanted(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8", errors="replace"))
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "# T" + "ODO later",
        "raise NotImplemented" + "Error",
        "open('/ro" + "ot/x')",
        "a blazing" + "ly fast",
        "written by an agent",
    ],
)
def test_the_check_can_fail(text: str) -> None:
    assert unwanted("x.py", text)


def test_ordinary_words_pass() -> None:
    assert not unwanted("x.md", "The kernel is written by the printer; an agent-free text about todo lists.")
