"""Text that must not be seen: keys, secrets, listen keys."""

from __future__ import annotations

import hmac
from typing import NoReturn

MASK = "***"


class Secret:
    """Bytes without a text form. `repr`, `str` and formatting give `***`; copying, pickling and JSON are refused.

    `reveal` is the one way in. It is called where a request is signed or sent, and nowhere else.
    """

    __slots__ = ("__value",)

    def __init__(self, value: str | bytes) -> None:
        self.__value = value.encode("utf-8") if isinstance(value, str) else bytes(value)

    def reveal(self) -> bytes:
        return self.__value

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return MASK

    def __bool__(self) -> bool:
        return bool(self.__value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self.__value, other.__value)

    __hash__ = None  # type: ignore[assignment]

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret cannot be copied or pickled")

    __reduce__ = __getstate__ = __copy__ = __reduce_ex__  # type: ignore[assignment]

    def __deepcopy__(self, memo: object) -> NoReturn:
        raise TypeError("a secret cannot be copied or pickled")
