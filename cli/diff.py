"""`flashc diff`: what changed between two strategy files, by meaning."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import console
from .command import Json, example, make_app
from .exit_codes import Exit
from .problem import Problem

if TYPE_CHECKING:
    from .strategy_diff.change import Comparison
    from .strategy_diff.policy import Policy
    from .strategy_diff.revisions import Side

app = make_app()

FORMATS = ("text", "markdown")

Files = Annotated[
    list[str],
    typer.Argument(metavar="A B", help="Two files, or revisions of files: main:strategies/x.yaml.", show_default=False),
]
Git = Annotated[
    str | None, typer.Option("--git", metavar="REV", help="Compare each FILE with what the revision has instead.")
]
Allow = Annotated[
    str | None, typer.Option("--allow", metavar="CLASS,...", help="Classes that let the command succeed; cosmetic.")
]
PolicyFile = Annotated[
    Path | None, typer.Option("--policy", metavar="FILE", help="A policy other than the nearest .flashc-diff.yaml.")
]
Format = Annotated[str, typer.Option("--format", metavar="text|markdown", help="Markdown suits a pull request.")]


@app.command(
    epilog=example(
        "flashc diff old.yaml new.yaml",
        "flashc diff main:strategies/x.yaml strategies/x.yaml --allow cosmetic,default",
        "flashc diff --git origin/main strategies/*.yaml --format markdown",
    )
)
def diff(
    files: Files,
    git: Git = None,
    allow: Allow = None,
    policy: PolicyFile = None,
    format_: Format = "text",
    json: Json = False,
) -> Exit:
    """Compare strategies by meaning: each change with its class, its places and what follows from it.

    Classes: cosmetic, default, risk-tightened, state, inputs, execution, signal, risk-loosened. What cannot be told to
    be harmless counts as loosened. Exit code 0: nothing beyond what is allowed. 1: something is.
    """
    if format_ not in FORMATS:
        raise Problem(f"there is no format `{format_}`", helps=(f"there are: {', '.join(FORMATS)}",))
    if git is None and len(files) != 2:
        helps = ("`flashc diff OLD NEW`, or `flashc diff --git REV FILE ...`",)
        raise Problem(f"two files are compared, not {len(files)}", helps=helps)
    with ExitStack() as stack:
        sides = list(_sides(files, git, stack))
        known = [(side, _policy(allow, policy, side[1])) for side in sides]
        done = [(_compared(*side), rules) for side, rules in known if side[0] is not None]
    fresh = [side[1].name for side in sides if side[0] is None]
    return _deliver(done, fresh, git, format_, json)


def _sides(files: list[str], git: str | None, stack: ExitStack) -> Iterator[tuple[Side | None, Side]]:
    from .strategy_diff.revisions import file_at, side_of

    if git is None:
        yield stack.enter_context(side_of(files[0])), stack.enter_context(side_of(files[1]))
        return
    for name in files:
        after = stack.enter_context(side_of(name))
        yield stack.enter_context(file_at(git, Path(name))), after


def _policy(allow: str | None, file: Path | None, side: Side) -> Policy:
    from .strategy_diff.policy import policy_of

    _, _, path = side.name.rpartition(":")
    return policy_of(allow, file, Path(path).parent)


def _compared(before: Side | None, after: Side) -> Comparison:
    """Both must be free of errors: else everything found in either is raised."""
    from ..dsl.diagnostics import Diagnostics
    from .strategy_diff.compare import compare

    assert before is not None, "a file that the revision lacks is not compared"
    bag = Diagnostics()
    for side in (before, after):
        if side.front.diagnostics.errors:
            bag.extend(side.front.diagnostics)
    bag.raise_errors()
    assert before.front.checked is not None and after.front.checked is not None, "free of errors"
    return compare(before.front.checked, after.front.checked, before.name, after.name)


def _deliver(
    done: list[tuple[Comparison, Policy]], fresh: list[str], git: str | None, format_: str, json: bool
) -> Exit:
    from .strategy_diff.render import json_of, markdown_of, text_of

    allowed = all(policy.allows(change) for found, policy in done for change in found.changes)
    if json:
        files = [json_of(found, policy) for found, policy in done]
        console.out_json({"version": 1, "allowed": allowed, "files": files, "new": fresh})
    elif format_ == "markdown":
        new = [f"### `{name}`\n\nNew since `{git}`.\n" for name in fresh]
        console.out("\n".join([*(markdown_of(found, policy) for found, policy in done), *new]).rstrip("\n"))
    else:
        color, width = console.colored(), console.width()
        texts = [text_of(found, policy, width, color) for found, policy in done]
        console.out("\n\n".join([*texts, *(f"{name}: new since {git}" for name in fresh)]))
    return Exit.OK if allowed else Exit.FILE
