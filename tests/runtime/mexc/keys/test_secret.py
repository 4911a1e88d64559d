"""A secret has no text form."""

from __future__ import annotations

import copy
import json
import pickle
import traceback
from dataclasses import dataclass

import pytest
from flashc.runtime.mexc.keys.secret import Secret

CANARY = "canary-0123456789"


@dataclass(frozen=True)
class Holder:
    secret: Secret


def test_no_text_form_shows_it() -> None:
    secret = Secret(CANARY)
    texts = [repr(secret), str(secret), f"{secret}", f"{secret!r:>40}", f"{secret:>40}", "%s %r" % (secret, secret)]  # noqa: UP031
    texts += [repr(Holder(secret)), str([secret]), str({"a": secret}), repr(ValueError(secret)), str(dir(secret))]
    assert not [text for text in texts if CANARY in text]


@pytest.mark.parametrize("use", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, hash, vars, iter, len, bytes])
def test_whatever_would_carry_it_away_is_refused(use: object) -> None:
    with pytest.raises(TypeError) as error:
        use(Secret(CANARY))
    assert CANARY not in "".join(traceback.format_exception(error.value))


def test_every_protocol_of_pickle_is_refused() -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError):
            pickle.dumps(Holder(Secret(CANARY)), protocol)


def test_a_traceback_does_not_show_it() -> None:
    secret = Secret(CANARY)
    try:
        raise RuntimeError("failed", secret)
    except RuntimeError as error:
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "***" in shown
    assert CANARY not in shown


def test_it_is_compared_and_revealed() -> None:
    assert Secret(CANARY) == Secret(CANARY.encode())
    assert Secret(CANARY) != Secret("other")
    assert Secret(CANARY).reveal() == CANARY.encode()
    assert not Secret("")
