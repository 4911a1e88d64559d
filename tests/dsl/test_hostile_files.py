"""Files made to hurt: each gives one diagnostic, with bounded time and memory."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest
from flashc.dsl.document_reader import read_document
from flashc.dsl.source import Source
from flashc.dsl.yaml_reader import load

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)

HOSTILE = {
    "alias bomb": BOMB.encode(),
    "ten megabytes": b"a: b\n" * (2 * 1024 * 1024),
    "brackets": b"a: " + b"[" * 5000,
    "braces": b"{a: " * 5000,
    "closed brackets": b"a: " + b"[" * 5000 + b"]" * 5000,
    "dashes": b"- " * 5000 + b"x",
    "question marks": b"? " * 5000 + b"x",
    "deep indentation": b"".join(b" " * n + b"a:\n" for n in range(300)),
    "tabs": b"flash:\n\t\t1\n",
    "nul": b"flash: 1\0\n",
    "only nul": b"\0" * 100,
    "utf-16": "flash: 1\n".encode("utf-16"),
    "control characters": bytes(range(1, 9)),
    "empty": b"",
    "open quote": b'a: "' + b"x" * 200_000,
    "long key": b"? " + b"k" * 200_000 + b"\n: 1\n",
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_hostile_file_is_refused_without_a_traceback(name: str) -> None:
    source, bag = load("f", HOSTILE[name])
    if source is not None:
        document, bag = read_document(source)
        assert document is None
    assert bag.errors


@pytest.mark.parametrize(
    "name", ["alias bomb", "ten megabytes", "brackets", "closed brackets", "tabs", "nul", "utf-16", "empty"]
)
def test_a_hostile_file_has_exactly_one_diagnostic(name: str) -> None:
    source, bag = load("f", HOSTILE[name])
    if source is not None:
        _, bag = read_document(source)
    assert len(bag) == 1


def test_thousands_of_unknown_keys_stop_at_a_bounded_number_of_findings() -> None:
    text = "flash: 1\nstrategy: s\ntrade: BTC/USDC\ndecide: 1m\nsize: 1 USDC\nentries: {long: a}\n"
    text += "".join(f"unknwon_{n}: x\n" for n in range(9000))
    _, bag = read_document(Source("f", text))
    assert 1 <= len(bag) <= 120


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the memory limit is a Linux one")
def test_hostile_files_stay_below_256_mib_in_a_process_of_their_own() -> None:
    script = textwrap.dedent(
        """
        import resource, sys
        resource.setrlimit(resource.RLIMIT_DATA, (256 * 1024 * 1024, 256 * 1024 * 1024))
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
        from flashc.dsl.document_reader import read_document
        from flashc.dsl.yaml_reader import load
        for data in (b"a: " + b"[" * 5000, b"[a,b]," * 40000, b"a: [" + b"x, " * 80000 + b"]", b"a: b\\n" * 50000):
            source, bag = load("f", data)
            document, bag = read_document(source)
            assert document is None and bag.errors
        print("refused")
        """
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout == "refused\n", done.stderr
