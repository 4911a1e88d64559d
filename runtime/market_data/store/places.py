"""Where data sets are: a root folder or an S3-compatible bucket, and in it one Delta table for each name."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from ...errors import fault

#: Where data sets are kept when neither `--root` nor this environment variable says.
DEFAULT_ROOT = "data"
ROOT_VARIABLE = "FLASHC_DATA"

#: A local folder, or `s3://bucket/prefix`.
Root: TypeAlias = Path | str

LOG = "_delta_log"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_OPTIONS = re.compile(r"AWS_[A-Z0-9_]+")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
#: Any of these groups of variables says who asks, or that nobody has to.
_CREDENTIALS = (
    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    ("AWS_WEB_IDENTITY_TOKEN_FILE",),
    ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI",),
    ("AWS_SKIP_SIGNATURE",),
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A data set at rest: its table's folder or URL, and the version that is meant; None means the newest."""

    uri: str
    version: int | None = None

    @property
    def name(self) -> str:
        return self.uri.rstrip("/").rpartition("/")[2]

    @property
    def is_remote(self) -> bool:
        return is_remote(self.uri)

    @property
    def folder(self) -> Path:
        """Of a local data set."""
        assert not self.is_remote
        return Path(self.uri)

    def at(self, version: int | None) -> Stored:
        return replace(self, version=version)

    def __str__(self) -> str:
        return self.uri


def is_remote(root: Root) -> bool:
    """Whether a root or table is a URL."""
    return "://" in str(root)


def data_root(root: Root | None = None) -> Root:
    """Where data sets are: the argument, the environment variable FLASHC_DATA, or `./data`. A URL stays a text."""
    given = root or os.environ.get(ROOT_VARIABLE) or DEFAULT_ROOT
    return str(given).rstrip("/") if is_remote(given) else Path(given)


def is_name(text: str) -> bool:
    """Whether a data set can be called so."""
    return _NAME.fullmatch(text) is not None and not text.endswith(".")


def valid_name(name: str) -> str:
    """`name` if it can be a folder's name on any system, else FC1011."""
    if not is_name(name):
        note = "names are lower-case letters, digits, `.`, `_` and `-`, at most 100 of them"
        raise fault("FC1011", f"`{name[:120]}` cannot be the name of a data set", "--name", notes=(note,))
    return name


def table_at(root: Root | None, name: str) -> Stored:
    """The place of a data set of this name. FC1011 if it is no name."""
    base = data_root(root)
    return Stored(f"{base}/{valid_name(name)}" if is_remote(base) else str(Path(base) / valid_name(name)))


def storage_options(uri: str) -> dict[str, str]:
    """What readers and writers of an S3-compatible bucket are told: the variables AWS_*, and plain HTTP on loopback.

    FC1023 for other URLs, and without credentials: the library would then ask a machine of the network for some.
    """
    if not is_remote(uri):
        return {}
    if urlsplit(uri).scheme not in ("s3", "s3a"):
        raise fault("FC1023", "only buckets that speak S3 can hold data sets", uri, helps=("s3://bucket/prefix",))
    given = {name: value for name, value in os.environ.items() if _OPTIONS.fullmatch(name) and value}
    if not any(all(name in given for name in group) for group in _CREDENTIALS):
        helps = ("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", "AWS_SKIP_SIGNATURE=true reads a public bucket")
        raise fault("FC1023", "no credentials for the bucket", uri, helps=helps)
    return given | _plain_http(given)


def _plain_http(given: Mapping[str, str]) -> dict[str, str]:
    """TLS is asked for everywhere but on this machine."""
    endpoint = urlsplit(given.get("AWS_ENDPOINT_URL_S3") or given.get("AWS_ENDPOINT_URL") or "")
    return {"AWS_ALLOW_HTTP": "true"} if endpoint.scheme == "http" and endpoint.hostname in _LOOPBACK else {}
