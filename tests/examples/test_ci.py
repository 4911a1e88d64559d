"""The hooks for pre-commit and the workflow for GitHub: each command in them is run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.editor import environment
from support.strategies import EMA_CROSS

ROOT = Path(__file__).resolve().parents[2]
HOOKS = ROOT / ".pre-commit-hooks.yaml"
WORKFLOW = ROOT / "examples" / "ci" / "github-actions.yml"

GOOD = EMA_CROSS + "risk:\n  position: {max: 100 USDC}\n"


def read(path: Path) -> Any:
    return yaml.load(path.read_text(), Loader=yaml.SafeLoader)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one strategy, committed, and a `flashc` of this tree to put on the path."""
    folder = tmp_path / "repo"
    (folder / "strategies").mkdir(parents=True)
    (folder / "strategies" / "s.yaml").write_text(GOOD)
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "flashc"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m flashc "$@"\n')
    command.chmod(0o755)
    git(folder, "init", "-q", "-b", "main")
    commit(folder)
    return folder


def settings(folder: Path) -> dict[str, str]:
    binaries = folder.parent / "bin"
    clean = {k: v for k, v in environment().items() if not k.startswith(("GIT_", "PRE_COMMIT"))}
    return {
        **clean,
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(folder.parent / "hooks"),
    }


def git(folder: Path, *arguments: str) -> str:
    name = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always")
    done = subprocess.run(["git", *name, *arguments], cwd=folder, env=settings(folder), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "state", "--no-verify")


def run(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-ec", command], cwd=folder, env=settings(folder), capture_output=True, text=True)


#: hook -> an edit that it must refuse
FAULTS = {
    "flashc-check": ("cross_up(quick", "cross_up(quik"),
    "flashc-fmt": ("ema(close, fast)", "ema(close,fast)"),
    "flashc-test": (
        "risk:",
        "tests:\n  t:\n    rows: [{t: 0m, close: 9 USDC/BTC}]\n    expect: [{always: close > open}]\nrisk:",
    ),
    "flashc-diff": ("max: 100 USDC", "max: 200 USDC"),
}


def test_every_hook_has_a_fault_to_refuse() -> None:
    assert [hook["id"] for hook in read(HOOKS)] == list(FAULTS)


@pytest.mark.parametrize("hook", read(HOOKS), ids=lambda hook: hook["id"])
def test_a_hook_passes_a_good_file_and_refuses_its_fault(hook: dict[str, Any], repository: Path) -> None:
    name = "strategies/s.yaml"
    assert re.search(hook["files"], name)
    assert re.search(hook["files"], "deep/x.flash.yaml")
    assert not re.search(hook["files"], ".github/workflows/ci.yml")
    good = run(repository, f"{hook['entry']} {name}")
    assert good.returncode == 0, good.stdout + good.stderr
    old, new = FAULTS[hook["id"]]
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    (repository / name).write_text(text)
    bad = run(repository, f"{hook['entry']} {name}")
    assert bad.returncode == 1, bad.stdout + bad.stderr


def test_pre_commit_itself_runs_the_hooks(repository: Path, tmp_path: Path) -> None:
    """With `language: system`, so that nothing is installed: all else is as published."""
    if find_spec("pre_commit") is None:
        pytest.skip("pre-commit is not installed")
    hooks = tmp_path / "published"
    hooks.mkdir()
    shutil.copy(HOOKS, hooks)
    manifest = hooks / HOOKS.name
    checked = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-manifest", str(manifest)],
        cwd=hooks,
        env=settings(repository),
        check=False,
    )
    assert checked.returncode == 0
    manifest.write_text(manifest.read_text().replace("language: python", "language: system"))
    git(hooks, "init", "-q", "-b", "main")
    git(hooks, "add", "-A")
    git(hooks, "commit", "-qm", "hooks")
    revision = git(hooks, "rev-parse", "HEAD").strip()
    listed = "".join(f"      - id: {hook}\n" for hook in FAULTS)
    (repository / ".pre-commit-config.yaml").write_text(
        f"repos:\n  - repo: {hooks}\n    rev: {revision}\n    hooks:\n{listed}"
    )
    (repository / "strategies" / "s.yaml").write_text(GOOD.replace("fast: 12", "fast: 13"))
    git(repository, "add", "-A")
    tool = f"{sys.executable} -m pre_commit run"
    passed = run(repository, tool)
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert passed.stdout.count("Passed") == len(FAULTS)
    (repository / "strategies" / "s.yaml").write_text(GOOD.replace("max: 100 USDC", "max: 200 USDC"))
    git(repository, "add", "-A")
    refused = run(repository, f"{tool} flashc-diff")
    assert refused.returncode == 1
    assert refused.stdout.count("Failed") == 1
    assert "position" in refused.stdout


def commands() -> list[str]:
    """The flashc commands of the workflow."""
    steps = read(WORKFLOW)["jobs"]["strategies"]["steps"]
    return [step["run"] for step in steps if "flashc " in step.get("run", "") and "pip install" not in step["run"]]


def test_the_workflow_runs_check_fmt_test_and_diff() -> None:
    assert [re.findall(r"flashc (\w+)", command)[0] for command in commands()] == ["check", "fmt", "test", "diff"]


def test_the_commands_of_the_workflow_pass_and_fail_as_they_should(repository: Path, tmp_path: Path) -> None:
    base = git(repository, "rev-parse", "HEAD").strip()
    setup = f"export BASE={base} GITHUB_STEP_SUMMARY={tmp_path}/summary.md\n"
    for old, new, wanted in (("fast: 12", "fast: 13", [0, 0, 0, 0]), ("max: 100 USDC", "max: 200 USDC", [0, 0, 0, 1])):
        (repository / "strategies" / "s.yaml").write_text(GOOD.replace(old, new))
        done = [run(repository, setup + command) for command in commands()]
        assert [d.returncode for d in done] == wanted, [d.stdout + d.stderr for d in done]
    assert "fast" in (tmp_path / "summary.md").read_text()
