"""HTTP/1.1 answers as bytes."""

from __future__ import annotations

from http import HTTPStatus

from ..rest.calls import Answer

_REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}
_LINES: dict[tuple[int, tuple[tuple[str, str], ...]], bytes] = {}


def answer_bytes(answer: Answer, *, keep_alive: bool = True, bodiless: bool = False) -> bytes:
    """The whole answer. `bodiless` is for HEAD: the length is stated, the body left out."""
    head = _head(answer)
    connection = b"" if keep_alive else b"Connection: close\r\n"
    size = str(len(answer.body)).encode()
    return b"".join((head, b"Content-Length: ", size, b"\r\n", connection, b"\r\n", b"" if bodiless else answer.body))


def _head(answer: Answer) -> bytes:
    """Status line and headers. The few there are are remembered."""
    key = (answer.status, tuple(answer.headers.items()))
    head = _LINES.get(key)
    if head is None:
        reason = _REASONS.get(answer.status, b"Unknown")
        lines = [b"HTTP/1.1 %d %s\r\n" % (answer.status, reason)]
        lines += [f"{name}: {value}\r\n".encode("latin-1", "replace") for name, value in answer.headers.items()]
        head = b"".join(lines)
        if len(_LINES) < 256:
            _LINES[key] = head
    return head
