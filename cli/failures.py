"""From an exception to one message on standard error and an exit code."""

from __future__ import annotations

import errno
import re
import traceback
from collections.abc import Sequence
from pathlib import Path

import typer

from .. import __version__
from ..dsl.diagnostics import FlashcError
from ..runtime.errors import RuntimeFault
from . import console
from .exit_codes import Exit
from .problem import Problem

_PACKAGE = Path(__file__).resolve().parent.parent

#: OSError numbers that a user or an administrator can mend.
_ENVIRONMENT = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENOMEM),
    *(errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP),
}

_FULL = {errno.ENOSPC, errno.EDQUOT}

#: Commands that make a folder where the user says.
_WITH_OUT = frozenset({"backtest", "compile"})


def report(error: Exception, arguments: Sequence[str]) -> Exit:
    """Print what happened (as JSON to standard output if the command line asks for it) and choose the exit code."""
    try:
        return _reported(error, arguments, "--json" in arguments and not console.output_lost())
    except (OSError, Problem):
        if not console.output_lost():
            raise
        return _reported(error, arguments, as_json=False)


def _reported(error: Exception, arguments: Sequence[str], as_json: bool) -> Exit:
    if isinstance(error, FlashcError):
        from .diagnosis import show

        return show(error.diagnostics, as_json=as_json)
    if isinstance(error, RuntimeFault):
        from .faults import show_faults

        return show_faults(error.faults, as_json=as_json)
    problem = _problem(error, arguments)
    if as_json:
        console.out_json(problem.json())
    else:
        console.err(problem.text(console.colored(console.stderr())))
    return problem.exit_code


def _problem(error: Exception, arguments: Sequence[str]) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, typer.TyperException):
        return _usage(error, arguments)
    if isinstance(error, OSError) and error.errno in _ENVIRONMENT:
        return _unwritable(error, arguments)
    if isinstance(error, UnicodeEncodeError) and "surrogates" in error.reason:  # how Python holds such names
        message = "a file's name here is not UTF-8 text, so it cannot be written down"
        return Problem(message, helps=("rename the file",))
    if isinstance(error, MemoryError):
        return Problem("not enough memory", kind="environment", helps=("a shorter --from/--to range needs less",))
    return _bug(error, arguments)


def _unwritable(error: OSError, arguments: Sequence[str]) -> Problem:
    """FC1107. A full disk often does not say which file it was; then the cache may be where the room ended."""
    from ..runtime.cache_root import VARIABLE, cache_root

    message = f"cannot write here: {error.strerror}" if error.strerror else "cannot write here"
    where, cache = str(error.filename or ""), cache_root()
    helps = ["make room there and run again"] if error.errno in _FULL else []
    if Path(where).is_relative_to(cache) if where else error.errno in _FULL:
        helps.append(f"what can be made again is kept in {cache}; `{VARIABLE}` names another folder")
    elif arguments and arguments[0] in _WITH_OUT:
        helps.append("`--out DIR` writes elsewhere")
    return Problem(message, kind="environment", where=where, helps=tuple(helps), code="FC1107")


#: How the library below says what is wrong with a value, and how we say it.
_VALUES = (
    (re.compile(r"Input should be a valid integer.*"), "not a whole number"),
    (re.compile(r"Input should be a valid number.*"), "not a number"),
    (re.compile(r"Input should be less than or equal to (\S+)"), r"at most \1"),
    (re.compile(r"Input should be greater than or equal to (\S+)"), r"at least \1"),
)


def _usage(error: typer.TyperException, arguments: Sequence[str]) -> Problem:
    """Typer's complaint in our layout."""
    from .registry import COMMANDS

    name = next((arg for arg in arguments if arg in COMMANDS), "")
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else f"flashc {name}".rstrip()
    message = error.format_message().strip().rstrip(".")
    for pattern, words in _VALUES:
        message = pattern.sub(words, message)
    return Problem(message[:1].lower() + message[1:], helps=(f"`{command} --help` shows how to call it",))


def _bug(error: Exception, arguments: Sequence[str]) -> Problem:
    name = type(error).__name__
    text = " ".join(str(error).split())
    file = next((arg for arg in arguments if not arg.startswith("-") and Path(arg).is_file()), "")
    return Problem(
        f"{name}{': ' + text if text else ''} ({_place(error)})",
        kind="bug",
        where=file,
        notes=(f"this is a fault of flashc {__version__}, not of your file",),
        helps=("run again with --debug for the traceback, and report it together with the file",),
    )


def _place(error: Exception) -> str:
    """The innermost frame in our own code, as `folder/file.py:line`."""
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        path = Path(frame.filename)
        if path.is_relative_to(_PACKAGE):
            return f"{path.relative_to(_PACKAGE)}:{frame.lineno}"
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "no traceback"
