"""The table of codes says what each proves, row by row."""

from __future__ import annotations

import pytest
from flashc.runtime.mexc.rest.codes import CODES, Halt, Kind, Retry, Row, kind_of

#: Code, HTTP status -> what it proves of a create and of any other request. Written by hand from the documents.
D, U, R, C, A = Kind.DEFINITIVE, Kind.UNKNOWN, Kind.RATE, Kind.CLOCK, Kind.AUTH
TABLE: dict[int, tuple[int, Kind, Kind]] = {
    -2011: (400, U, D), -2013: (400, U, D), -1121: (400, D, D), -1127: (400, U, D), 26: (400, D, D),
    400: (400, A, A), 401: (401, A, A), 403: (403, U, U), 429: (429, R, R), 500: (500, U, U), 503: (503, U, U),
    504: (504, U, U), 602: (400, A, A), 10001: (400, A, A), 10007: (400, D, D), 10015: (400, A, A),
    10072: (400, A, A), 10073: (400, C, C), 10095: (400, U, D), 10096: (400, U, D), 10097: (400, U, D),
    10098: (400, D, D), 10099: (400, D, D), 10100: (400, U, D), 10101: (400, D, D), 10102: (400, U, D),
    10103: (400, U, D), 10200: (400, U, D), 10201: (400, U, D), 10202: (400, U, D), 10206: (400, U, D),
    10211: (400, U, D), 10212: (400, U, D), 10216: (400, U, D), 10219: (400, U, U), 10222: (400, U, D),
    10232: (400, U, D), 10259: (400, U, D), 10265: (400, U, D), 10268: (400, U, D), 11444: (400, D, D),
    20001: (400, D, D), 20002: (400, U, U), 22222: (400, U, D), 30000: (400, D, D), 30001: (400, D, D),
    30002: (400, D, D), 30003: (400, D, D), 30004: (400, D, D), 30005: (400, D, D), 30010: (400, D, D),
    30014: (400, D, D), 30016: (400, D, D), 30018: (400, D, D), 30019: (400, D, D), 30020: (400, D, D),
    30021: (400, D, D), 30025: (400, D, D), 30026: (400, U, D), 30027: (400, D, D), 30028: (400, D, D),
    30029: (400, D, D), 30032: (400, D, D), 30041: (400, D, D), 30051: (400, D, D), 33333: (400, D, D),
    44444: (400, D, D), 60005: (400, D, D), 70011: (400, D, D), 88004: (400, U, D), 88009: (400, U, D),
    88013: (400, U, D), 88015: (400, U, D), 140001: (400, A, A), 140002: (400, A, A), 700001: (400, A, A),
    700002: (400, A, A), 700003: (400, C, C), 700004: (400, D, D), 700005: (400, D, D), 700006: (400, A, A),
    700007: (400, A, A), 700008: (400, D, D), 700013: (400, D, D), 730000: (400, U, D), 730001: (400, U, D),
    730002: (400, U, D), 730003: (400, U, D), 730100: (400, U, D), 730101: (400, U, D), 730600: (400, U, D),
    730601: (400, U, D), 730602: (400, U, D), 730700: (400, U, D), 730701: (400, U, D), 730702: (400, U, D),
    730703: (400, U, D), 730704: (400, U, D), 730705: (400, U, D), 730706: (400, U, D), 730707: (400, U, D),
}  # fmt: skip


def test_the_table_is_closed() -> None:
    assert set(TABLE) == set(CODES)


@pytest.mark.parametrize("code", TABLE)
def test_a_code_proves_what_the_documents_say(code: int) -> None:
    http, create, other = TABLE[code]
    assert kind_of(http, code, creates=True) is create
    assert kind_of(http, code, creates=False) is other


@pytest.mark.parametrize("row", CODES.values(), ids=lambda row: str(row.code))
def test_with_another_status_a_code_proves_nothing_of_an_order(row: Row) -> None:
    for http in {200, 201, 302, 400, 401, 403, 404, 409, 418, 429, 500, 502, 503, 504} - set(row.http):
        assert kind_of(http, row.code, creates=True) is Kind.UNKNOWN


@pytest.mark.parametrize("http", [200, 302, 400, 401, 403, 404, 418, 429, 500, 503])
@pytest.mark.parametrize("code", [-1, 0, 1, 30006, 99999, 700099])
def test_an_unknown_code_proves_nothing_of_an_order(http: int, code: int) -> None:
    assert code not in CODES
    assert kind_of(http, code, creates=True) is Kind.UNKNOWN


def test_an_unknown_code_is_not_retried() -> None:
    assert kind_of(400, 99999, creates=False) is Kind.DEFINITIVE


def test_only_what_is_no_refusal_may_be_repeated_soon() -> None:
    repeated = {row.code for row in CODES.values() if row.retry in (Retry.AFTER_WAIT, Retry.AFTER_RESYNC)}
    assert repeated == {429, 700003, 10073}


def test_a_restricted_account_halts_it() -> None:
    halting = {row.code for row in CODES.values() if row.halt is Halt.ACCOUNT and row.kind is Kind.DEFINITIVE}
    assert halting == {26, 10098, 10099, 60005, 70011}
