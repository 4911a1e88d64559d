"""`flashc doc`: the page of one diagnostic code."""

from __future__ import annotations

import textwrap
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated

import typer

from . import console
from .command import Json, example, make_app
from .problem import Problem

if TYPE_CHECKING:
    from ..dsl.diagnostic_codes import Code

app = make_app()

CodeName = Annotated[str, typer.Argument(metavar="CODE", help="A code such as FC0304; all codes if left out.")]


@app.command(epilog=example("flashc doc FC0304", "flashc doc"))
def doc(code: CodeName = "", json: Json = False) -> None:
    """Explain a diagnostic code, with a wrong and a right example; without CODE, list all codes."""
    from ..dsl.diagnostic_codes import CODES

    if not code:
        _list(list(CODES.values()), json)
        return
    found = CODES.get(code.upper())
    if found is None:
        raise Problem(f"there is no code `{code}`", helps=_helps(code.upper(), list(CODES)))
    if json:
        console.out_json(_object(found))
    else:
        console.out(page(found))


def page(code: Code) -> str:
    """The page as text for a terminal."""
    paragraphs = [textwrap.fill(" ".join(text.split()), console.width()) for text in code.explanation.split("\n\n")]
    parts = [f"{code.code}: {code.title}  ({code.category})", *paragraphs]
    if code.reserved:
        parts.append("This release never reports it; the code is kept for later.")
    parts += ["Wrong:\n\n" + _indented(text) for text in code.wrong]
    if code.right.strip():
        parts.append("Right:\n\n" + _indented(code.right))
    return "\n\n".join(parts)


def _list(codes: list[Code], json: bool) -> None:
    if json:
        console.out_json([_object(code) for code in codes])
    else:
        console.out("\n".join(f"{code.code}  {code.title}" for code in codes))


def _object(code: Code) -> dict[str, object]:
    return {
        "code": code.code,
        "title": code.title,
        "category": str(code.category),
        "explanation": code.explanation,
        "wrong": list(code.wrong),
        "right": code.right,
        "reserved": code.reserved,
    }


def _helps(code: str, known: list[str]) -> tuple[str, ...]:
    near = get_close_matches(code, known, n=1)
    helps = (f"did you mean `flashc doc {near[0]}`?",) if near else ()
    return (*helps, "`flashc doc` lists all codes")


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.strip("\n").splitlines())
