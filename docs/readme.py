"""Runs the commands that README.md and docs/testing.md show and writes what they print. `make docs` runs it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"
PAGES = (README, README.parent / "docs" / "testing.md")


def filled(text: str, folder: Path) -> str:
    """The page with fresh output; its first strategy becomes a file in `folder` that is called as the strategy is."""
    strategy = re.search(r"```yaml\n(flash: 1.*?)```", text, flags=re.DOTALL)
    assert strategy is not None, "the page shows a strategy"
    name = re.search(r"^strategy: (\w+)$", strategy[1], flags=re.MULTILINE)
    assert name is not None, "a strategy has a name"
    (folder / f"{name[1]}.yaml").write_text(strategy[1])
    (folder / "typo.yaml").write_text(strategy[1].replace("cross_up(quick", "cross_up(quik"))

    def block(match: re.Match[str]) -> str:
        if match[1] == "pycon":
            return f"```pycon\n{_session(match[2], folder)}```"
        commands = [line[2:] for line in match[2].splitlines() if line.startswith("$ ")]
        return "```console\n" + "".join(f"$ {command}\n{_output(command, folder)}" for command in commands) + "```"

    return re.sub(r"```(console|pycon)\n(.*?)```", block, text, flags=re.DOTALL)


def _output(command: str, folder: Path) -> str:
    arguments = [sys.executable, "-m", *command.split()]
    settings = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1"}
    done = subprocess.run(
        arguments, cwd=folder, env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    return done.stdout


#: Shows each line with its output, as a prompt would.
_PROMPT = """
import code, sys
prompt = code.InteractiveInterpreter()
for line in sys.stdin.read().splitlines():
    print(">>>", line, flush=True)
    prompt.runsource(line)
"""


def _session(text: str, folder: Path) -> str:
    """A Python session with fresh output; each statement is one line."""
    lines = [line[4:] for line in text.splitlines() if line.startswith(">>> ")]
    settings = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "POLARS_TABLE_WIDTH": "100"}
    options = {"cwd": folder, "env": settings, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.run([sys.executable, "-c", _PROMPT], input="\n".join(lines), **options).stdout


if __name__ == "__main__":
    for page in PAGES:
        with tempfile.TemporaryDirectory() as place:
            page.write_text(filled(page.read_text(encoding="utf-8"), Path(place)), encoding="utf-8")
