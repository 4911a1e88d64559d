"""`flashc diff` on the command line: git revisions, policies, formats, exit codes, wrong input."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from flashc.cli.app import run
from flashc.cli.exit_codes import Exit

STRATEGY = """\
flash: 1
strategy: small
trade: BTC/USDC
decide: 1m
params: {fast: 12, slow: 26}
let:
  quick: ema(close, fast)
  calm: ema(close, slow)
entries:
  long: cross_up(quick, calm)
exits:
  out: cross_dn(quick, calm)
size: 100 USDC
risk:
  day_loss: {limit: 25 USDC, then: halt}
"""


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose `main` has the strategy; the working tree has a larger day loss."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "strategies").mkdir()
    file = tmp_path / "strategies" / "small.yaml"
    file.write_text(STRATEGY)
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com"]
    subprocess.run(["git", "init", "-q", "-b", "main"], check=True)
    subprocess.run(["git", "add", "."], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "first"], check=True)
    file.write_text(STRATEGY.replace("25 USDC", "40 USDC"))
    return tmp_path


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = run(["diff", *arguments])
    shown = capsys.readouterr()
    return code, shown.out + shown.err


def test_a_renamed_file_is_compared_with_what_it_was(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    subprocess.run(["git", "mv", "-f", "strategies/small.yaml", "strategies/other.yaml"], check=True)
    code, text = asked(capsys, "--git", "main", "strategies/other.yaml")
    assert code == Exit.FILE
    assert text.startswith("main:strategies/small.yaml → strategies/other.yaml\n")
    assert "risk loosened  risk.day_loss.limit" in text


def test_a_revision_is_written_as_in_git(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        ("main:strategies/small.yaml", "strategies/small.yaml"),
        ("main:./strategies/small.yaml", "strategies/small.yaml"),
        ("--git", "main", "strategies/small.yaml"),
    ):
        code, text = asked(capsys, *arguments)
        assert code == Exit.FILE
        assert "✘ risk loosened  risk.day_loss.limit: limit raised, 25 USDC → 40 USDC\n" in text


def test_modules_beside_a_file_are_those_of_the_revision(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module, file = repo / "strategies" / "own.yaml", repo / "strategies" / "small.yaml"
    module.write_text("fn:\n  twice: {args: {x: real}, returns: real, is: 2 * x}\n")
    text = STRATEGY.replace("params:", "use: [own]\nparams:").replace(
        "cross_up(quick", "own.twice(1.0) > 1.0 and cross_up(quick"
    )
    file.write_text(text)
    subprocess.run(["git", "add", "."], check=True)
    subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "second"], check=True
    )
    assert asked(capsys, "--git", "main", "strategies/small.yaml")[0] == Exit.OK
    module.write_text("fn:\n  twice: {args: {x: real}, returns: real, is: 3 * x}\n")
    code, shown = asked(capsys, "--git", "main", "strategies/small.yaml")
    assert (code, "signal  entries.long" in shown, "a function that it calls" in shown) == (Exit.FILE, True, True)


def test_a_file_that_the_revision_lacks_is_new(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repo / "fresh.yaml").write_text(STRATEGY)
    assert asked(capsys, "--git", "main", "fresh.yaml") == (Exit.OK, "fresh.yaml: new since main\n")


def test_allow_decides_the_exit_code(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = ("main:strategies/small.yaml", "strategies/small.yaml")
    assert asked(capsys, *both, "--allow", "risk-loosened")[0] == Exit.OK
    assert asked(capsys, *both, "--allow", "default,signal")[0] == Exit.FILE
    code, text = asked(capsys, *both, "--allow", "risk_loosened")
    assert (code, "there is no such class" in text) == (Exit.USAGE, True)


def test_a_policy_file_is_found_beside_or_above(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = ("main:strategies/small.yaml", "strategies/small.yaml")
    policy = repo / ".flashc-diff.yaml"
    policy.write_text("allow: [default, risk-loosened]\n")
    assert asked(capsys, *both)[0] == Exit.OK
    policy.write_text("allow: [default, risk-loosened]\nnever: [risk.*]\n")
    assert asked(capsys, *both)[0] == Exit.FILE
    (repo / "other.yaml").write_text("allow: [risk-loosened]\n")
    assert asked(capsys, *both, "--policy", "other.yaml")[0] == Exit.OK


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("allow: [cosmetics]\n", "there is no class `cosmetics`"),
        ("alow: [cosmetic]\n", "there is no key `alow`"),
        ("allow: cosmetic\n", "a list of names is needed"),
    ],
)
def test_a_wrong_policy_is_shown_in_place(repo: Path, capsys: pytest.CaptureFixture[str], text: str, said: str) -> None:
    (repo / ".flashc-diff.yaml").write_text(text)
    code, shown = asked(capsys, "main:strategies/small.yaml", "strategies/small.yaml")
    assert code == Exit.FILE
    assert "FC1108" in shown and said in shown and ".flashc-diff.yaml:1:" in shown


def test_json_has_stable_keys(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(asked(capsys, "--git", "main", "strategies/small.yaml", "--json")[1])
    assert list(found) == ["version", "allowed", "files", "new"]
    (one,) = found["files"]
    assert list(one) == ["a", "b", "same", "ir", "allowed", "counts", "changes"]
    assert one["changes"] == [
        {
            "class": "risk-loosened",
            "item": "risk.day_loss.limit",
            "said": "limit raised",
            "unclear": False,
            "allowed": False,
            "before": {"text": "25 USDC", "line": 15, "column": 21},
            "after": {"text": "40 USDC", "line": 15, "column": 21},
            "consequences": [],
        }
    ]


def test_markdown_is_a_table_that_user_text_cannot_break(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repo / "strategies" / "small.yaml").write_text(
        STRATEGY.replace("cross_up(quick, calm)", "quick > calm or close > calm")
    )
    text = asked(capsys, "--git", "main", "strategies/small.yaml", "--format", "markdown")[1]
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) >= 2
    assert "| **signal** | `entries.long.when.long` | `cross_up(quick, calm)` (line 10) |" in text


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("strategies/small.yaml",), Exit.USAGE, "two files are compared, not 1"),
        (("gone.yaml", "strategies/small.yaml"), Exit.USAGE, "FC1106"),
        (("main:gone.yaml", "strategies/small.yaml"), Exit.USAGE, "`main` has no file `gone.yaml`"),
        (("nowhere:a.yaml", "strategies/small.yaml"), Exit.USAGE, "no revision `nowhere`"),
        (("--git", "nowhere", "strategies/small.yaml"), Exit.USAGE, "no revision `nowhere`"),
        (("strategies/small.yaml", "wrong.yaml"), Exit.FILE, "FC0102"),
        (("strategies/small.yaml", "strategies/small.yaml", "--format", "html"), Exit.USAGE, "no format `html`"),
    ],
)
def test_wrong_input_is_one_message(
    repo: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: Exit, said: str
) -> None:
    (repo / "wrong.yaml").write_text(STRATEGY.replace("cross_up(quick, calm)", "close > slwo"))
    got, text = asked(capsys, *arguments)
    assert (got, said in text) == (code, True), text


def test_outside_of_a_repository_only_files_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "a.yaml").write_text(STRATEGY)
    assert asked(capsys, "a.yaml", "a.yaml") == (Exit.OK, "a.yaml and a.yaml: no difference\n")
    code, text = asked(capsys, "main:a.yaml", "a.yaml")
    assert (code, "is not in a git repository" in text) == (Exit.USAGE, True)
