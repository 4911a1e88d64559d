"""Fuzzes the readers of the wire in C under ASan and UBSan: `make fuzz`.

    python tests/fuzz/run.py [--count 1000000] [--seed 1] [--target push]
    python tests/fuzz/run.py --engine libfuzzer [--seconds 180] [--seed 1] [--target push]

The driver needs gcc alone; what it does follows from the seed. libFuzzer (clang, and its runtime) looks for new paths
instead, as long as it is told. It begins with the same right inputs.
"""

from __future__ import annotations

import argparse
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
INCLUDE = ROOT / "cython_core" / "include"
TARGETS = ("decimals", "frames", "push", "depth", "rows")
FLAGS = ("-std=gnu11", "-g", "-fno-omit-frame-pointer", "-Wall", "-Wextra", "-Wno-unused-function")
SANITIZERS = "-fsanitize=address,undefined"

_DEAL = bytes.fromhex(
    "0a2e73706f74407075626c69632e61676772652e6465616c732e76332e6170692e7062403130306d73404d5855534454d2134d0a220a06322e3530"
    "3031120431322e35180120fbd8c1a28c342a09313058305f31315830122773706f74407075626c69632e61676772652e6465616c732e76332e6170"
    "692e7062403130306d731a064d58555344543082d9c1a28c34"
)
_ORDER = bytes.fromhex(
    "0a1d73706f7440707269766174652e6f72646572732e76332e6170692e70621a064d58555344543082d9c1a28c3482133d0a064330325f5f311205"
    "61625f30311a03322e35220231302a023235320130380140014801520232355a0231306a013072013078018001e4d8c1a28c34"
)
_TEXTS = (
    "0",
    "2.51",
    "65123.45",
    "0.00012300",
    "5.12181600",
    "-1.5",
    "1e5",
    "9223372036854775807",
    "1234567890.12345678",
    "65123.450.21976",
    "2.512.50",
    "0.219764240.21976424",
    "12.500000000000.12500",
    "5.00000000007.1000000000",
    "2.512.50000",
)


def _item(price: str, quantity: str) -> bytes:
    body = b"\x0a" + bytes([len(price)]) + price.encode() + b"\x12" + bytes([len(quantity)]) + quantity.encode()
    return bytes([len(body)]) + body


_Side = Sequence[tuple[str, str]]
_HEAD = b"\x0a\x07channel\x1a\x06MXUSDT\x30\x82\xd9\xc1\xa2\x8c\x34"


def _levels(asks: _Side, bids: _Side) -> bytes:
    return b"".join(b"\x0a" + _item(*level) for level in asks) + b"".join(b"\x12" + _item(*level) for level in bids)


def _versions(first: int, last: int) -> bytes:
    texts = (str(first).encode(), str(last).encode())
    return b"".join(tag + bytes([len(text)]) + text for tag, text in zip((b"\x22", b"\x2a"), texts, strict=True))


def _frame(body: bytes, head: bytes = _HEAD) -> bytes:
    size = bytes([len(body)]) if len(body) < 128 else bytes([len(body) & 127 | 128, len(body) >> 7])
    return head + b"\xca\x13" + size + body


def depth(first: int, last: int, asks: _Side, bids: _Side) -> bytes:
    """A frame of `aggre.depth` as the exchange writes it."""
    return _frame(_levels(asks, bids) + b"\x1a\x05event" + _versions(first, last) + b"\x30\xe4\xd8\xc1\xa2\x8c\x34")


def _edges() -> list[bytes]:
    """Frames at the ends of the short way: too near to the frame's begin, cut in a level, too many levels, no price."""
    levels = _levels([("2.5101", "0.25000000"), ("2.5113", "0.00000000")], [("2.49", "5.12"), ("2.48", "5.12")])
    whole = levels + _versions(11, 11)
    few = [_frame(levels[:-k]) for k in (1, 2, 5, 8, 12, 27)]
    many = _levels([("5", "1")] * 66, []) + _versions(11, 11)
    short = [_frame(whole, b"\x1a\x06MXUSDT"), _frame(_levels([("2", "1")], []) + _versions(1, 1), b"\x1a\x06MXUSDT")]
    return [*few, *short, _frame(many), _frame(_levels([("0.0000", "1.00")], []) + _versions(11, 11)), _frame(whole)]


_DEPTHS = (
    depth(11, 12, [("2.5101", "0"), ("2.51", "3.25")], [("2.4999", "0.00000000"), ("2.5", "12.5")]),
    depth(9, 11, [("2.5100", "0.0")], [("2.4950", "0"), ("1.0", "5")]),
    depth(12, 13, [("2.5200000000", "7")], [("2.5", "0")]),
    depth(13, 13, [], []),
    depth(11, 11, [("2.5101", "0.25000000"), ("2.5113", "0.00000000")], [("2.4999", "5.12000000"), ("2.4998", "0.07")]),
    depth(11, 11, [("2.51", "3.2"), ("2.52", "4.1"), ("2.53", "41.")], [("2.49", "3.2"), ("2.48", ".32")]),
    depth(11, 11, [("25.1001", "32.51"), ("25.10001", "0.51")], [("2.49", "0.500"), ("24999.0", "1234567890.125")]),
)
#: The same levels as bodies of other kinds: limit (303), increase (302); and a ticker (315).
_LIMIT = _DEPTHS[0].replace(b"\xca\x13", b"\xfa\x12")
_TICKER = b"\x1a\x06MXUSDT\xda\x13\x1d\x0a\x032.5\x12\x0210\x1a\x042.51\x22\x015\x2a\x0212\x30\x81\xd9\xc1\xa2\x8c\x34"
_GROUPS = b"\x0b\x13\x14\x0c" + _DEPTHS[3] + b"\x8d\x13abcd"
_DEEP = b"\x0b" * 100 + b"\x0c" * 100


def seeds(target: str) -> list[bytes]:
    """Inputs to begin with: right ones of each kind."""
    if target == "decimals":
        return [bytes([scale]) + text.encode() for text in _TEXTS for scale in (0, 2, 8, 18, 130)]
    frames = [_DEAL, _ORDER, *_DEPTHS, _LIMIT, _TICKER, _GROUPS, _DEEP, b""]
    if target == "frames":
        plain = b"\x82\x03abc\x89\x01p\x01\x03\xe6\xb3\xa8\x80\x01!\x88\x02\x03\xe8"
        masked = b"\x81\x83mask\x0c\x0e\x10\x89\x80mask"
        long = b"\x82\x7e\x00\x7e" + bytes(126)
        found = [start + plain for start in (b"\x7f\x00", b"\x01\x02", b"\x7f\x05", b"\x08\x03")]
        return [*found, b"\xff\x05" + masked, b"\x7f\x03" + plain[:-4] * 60, b"\x7f\x04" + long * 7]
    if target == "depth":
        joined = b"".join(struct.pack("<H", len(frame)) + frame for frame in _DEPTHS)
        return [joined, *(struct.pack("<H", len(frame)) + frame for frame in (*frames, *_edges()))]
    return frames


def build(
    folder: Path,
    include: Path = INCLUDE,
    compiler: str = "gcc",
    target: str | None = None,
    flags: Sequence[str] = ("-O1",),
) -> Path:
    """The driver, or with `target` a libFuzzer program. The compiler's own words when it fails."""
    path = folder / (target or "driver")
    kind = [SANITIZERS, str(HERE / "driver.c")]
    if target is not None:
        kind = [f"{SANITIZERS},fuzzer", f"-DFUZZ_TARGET=fs_fuzz_{target}", str(HERE / "harness.c")]
    words = [compiler, *flags, *FLAGS, "-fno-sanitize-recover=all", f"-I{include}", *kind, "-o", str(path)]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr[:4000])
    return path


def run(driver: Path, target: str, count: int, seed: int) -> subprocess.CompletedProcess[bytes]:
    """One target on `count` inputs."""
    return _with(seeds(target), [str(driver), target, str(count), str(seed)])


def short(driver: Path, frames: Sequence[bytes]) -> int:
    """How many of the frames the short way reads."""
    return int(_with(frames, [str(driver), "short"]).stdout)


def _with(inputs: Sequence[bytes], words: list[str]) -> subprocess.CompletedProcess[bytes]:
    given = b"".join(struct.pack("<I", len(data)) + data for data in inputs)
    return subprocess.run(words, input=given, capture_output=True)


def clang() -> str:
    """The compiler for libFuzzer. `SystemExit` says what to install."""
    names = ("clang", *(f"clang-{version}" for version in range(25, 10, -1)))
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        raise SystemExit("libFuzzer needs clang (Debian: apt install clang); or use --engine driver")
    empty = "int LLVMFuzzerTestOneInput(const char *at, unsigned long size) { return size && !at; }"
    words = [found, f"{SANITIZERS},fuzzer", "-x", "c", "-", "-o", "/dev/null"]
    done = subprocess.run(words, input=empty, capture_output=True, text=True)
    if done.returncode:
        line = next((line for line in done.stderr.splitlines() if "clang_rt" in line), done.stderr)
        raise SystemExit(
            f"{found} lacks libFuzzer or a sanitizer (Debian: apt install libclang-rt-14-dev, with clang's version); "
            f"or use --engine driver\n{line[:300].strip()}"
        )
    return found


def _libfuzzer(folder: Path, target: str, seconds: int, seed: int) -> tuple[subprocess.CompletedProcess[bytes], int]:
    """How it ended, and how many inputs it tried."""
    program, corpus = build(folder, compiler=clang(), target=target), folder / f"{target}.corpus"
    corpus.mkdir()
    for k, data in enumerate(seeds(target)):
        (corpus / str(k)).write_bytes(data)
    limits = [f"-max_total_time={seconds}", "-max_len=1024", "-timeout=5", "-print_final_stats=1"]
    done = subprocess.run([str(program), f"-seed={seed}", *limits, str(corpus)], capture_output=True, cwd=folder)
    tried = re.search(rb"number_of_executed_units: *(\d+)", done.stderr)
    return done, int(tried[1]) if tried else 0


def _tell(target: str, engine: str, count: int, seed: int, done: subprocess.CompletedProcess[bytes]) -> None:
    end = "0 faults" if done.returncode == 0 else f"FAULT\n{done.stderr.decode(errors='replace')[-4000:]}"
    print(f"{target:<9} {count:,} inputs, seed {seed}, {engine}: {end}", flush=True)


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    options.add_argument("--count", type=int, default=1_000_000, help="inputs of the driver")
    options.add_argument("--seconds", type=int, default=180, help="time of libFuzzer for each target")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--target", choices=TARGETS, action="append")
    options.add_argument("--engine", choices=("driver", "libfuzzer"), default="driver")
    given = options.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        driver = build(folder) if given.engine == "driver" else None
        for target in given.target or TARGETS:
            if driver is not None:
                done, count = run(driver, target, given.count, given.seed), given.count
            else:
                done, count = _libfuzzer(folder, target, given.seconds, given.seed)
            failed = failed or done.returncode != 0
            _tell(target, given.engine, count, given.seed, done)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
