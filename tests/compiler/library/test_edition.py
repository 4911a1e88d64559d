"""The hash of the standard library: fresh, blind to comments, and not to code."""

from __future__ import annotations

from flashc.compiler.library.edition import LIBRARY_HASH, code_tokens, library_hash


def test_the_hash_is_that_of_the_code() -> None:
    advice = "the library changed: may bits of edition 1 change? Then `python -m flashc.compiler.library.edition`"
    assert library_hash() == LIBRARY_HASH, advice


def test_comments_docstrings_and_layout_are_not_the_library() -> None:
    plain = 'def f(x):\n    return g(x, "text")\n'
    wordy = '"""A module."""\n\n# why\ndef f(x):  # what\n    """It does."""\n\n    return g(\n        x, "text")\n'
    assert list(code_tokens(plain)) == list(code_tokens(wordy))


def test_code_is() -> None:
    first = list(code_tokens("def f(x):\n    y = 1.0 * x\n    return y\n"))
    assert first != list(code_tokens("def f(x):\n    y = 1.5 * x\n    return y\n"))
    assert first != list(code_tokens("def f(x):\n    y = 1.0 * x\nreturn y\n"))
