"""The C compiler is found, called with fixed flags, and what it makes is checked before it is kept."""

from __future__ import annotations

import ctypes
import shutil
from pathlib import Path

import pytest
from flashc.compiler.backends.c import toolchain
from flashc.compiler.backends.c.toolchain import BrokenCode, Started, Toolchain, build, build_hash, find_toolchain
from flashc.cython_core.elf import NotElf, read_elf
from flashc.dsl.diagnostics import FlashcError

SHOWN = '__attribute__((visibility("default")))'
SMALL = f"{SHOWN} int flash_strategy_v1(void);\nint flash_strategy_v1(void) {{ return 7; }}\n"
COMPILERS = [name for name in ("gcc", "clang", "clang-14") if shutil.which(name)]


@pytest.fixture(scope="module", params=COMPILERS)
def compiler(request: pytest.FixtureRequest) -> Toolchain:
    return find_toolchain(request.param)


def test_an_object_exports_one_function_that_runs(compiler: Toolchain, tmp_path: Path) -> None:
    build(SMALL, tmp_path / "new" / "strategy.so", compiler)
    elf = read_elf((tmp_path / "new" / "strategy.so").read_bytes())
    assert (elf.exported(), elf.undefined()) == (["flash_strategy_v1"], [])
    assert ctypes.CDLL(str(tmp_path / "new" / "strategy.so")).flash_strategy_v1() == 7
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["strategy.so"], "no temporary file is left"


def test_the_same_text_gives_the_same_bytes_in_another_folder(compiler: Toolchain, tmp_path: Path) -> None:
    for name in ("a", "b/c/d"):
        build(SMALL, tmp_path / name / "strategy.so", compiler)
    assert (tmp_path / "a/strategy.so").read_bytes() == (tmp_path / "b/c/d/strategy.so").read_bytes()


def test_a_large_copy_may_call_memcpy(tmp_path: Path) -> None:
    text = "static char from[4000], to[4000];\n" + SMALL.replace(
        "{ return", "{ __builtin_memcpy(to, from, (unsigned char)to[1]); return"
    )
    build(text.replace("return 7", "return to[9]"), tmp_path / "strategy.so", find_toolchain("gcc"), extra=("-O0",))
    assert read_elf((tmp_path / "strategy.so").read_bytes()).undefined() == ["memcpy"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SMALL.replace("return 7", "return nothing"), "nothing"),
        (SMALL.replace("return 7", "double x = 0.5; return x"), "-W"),
        (SMALL + f"{SHOWN} int other(void);\nint other(void) {{ return 0; }}\n", "the object exports flash_strategy_v1, other"),
        (SMALL.replace("flash_strategy_v1", "strategy"), "the object exports strategy"),
        ("extern double sin(double);\n" + SMALL.replace("7", "(int)sin((double)(long)&flash_strategy_v1)"), "needs sin"),
    ],
)  # fmt: skip
def test_what_breaks_the_rules_is_our_fault_and_not_kept(
    text: str, said: str, compiler: Toolchain, tmp_path: Path
) -> None:
    with pytest.raises(BrokenCode) as broken:
        build(text, tmp_path / "strategy.so", compiler)
    assert said in broken.value.messages
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("cat >&2; exit 1", "#include"),
        ("kill -SEGV $$", "it was ended by signal 11"),
        ("exit 0", "it wrote no object (exit code 0)"),
        ('exec gcc "$@" --nonsense', "--nonsense"),
        ("echo 'In file included from a.h:9,\nb.h:7: fatal error: no room' >&2; exit 1", "fatal error: no room"),
    ],
)
def test_a_compiler_that_compiles_nothing_is_not_our_fault(does: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "gcc"
    path.write_text(f'#!/bin/sh\n[ "$*" = -v ] && exec gcc -v\n{does}\n')
    path.chmod(0o755)
    with pytest.raises(FlashcError) as refused:
        build(SMALL, tmp_path / "new" / "strategy.so", find_toolchain(str(path)))
    found = refused.value.diagnostics[0]
    assert (found.code, said in found.message, str(path) in found.message) == ("FC0909", True, True), found.message
    assert list((tmp_path / "new").iterdir()) == []


def test_a_quote_that_is_not_closed_names_no_compiler() -> None:
    with pytest.raises(FlashcError) as refused:
        find_toolchain('gcc "')
    assert refused.value.diagnostics[0].code == "FC0909"


def test_sanitizers_may_bring_their_own_symbols(tmp_path: Path) -> None:
    build(SMALL, tmp_path / "strategy.so", find_toolchain("gcc"), extra=("-fsanitize=undefined",))
    assert (tmp_path / "strategy.so").exists()


def test_a_compilation_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    Started(SMALL, tmp_path / "strategy.so", find_toolchain()).stop()
    assert list(tmp_path.iterdir()) == []


# --- which compiler


def test_the_variable_names_the_compiler_and_the_option_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", f"{COMPILERS[-1]} -pipe")
    assert find_toolchain().arguments == ("-pipe",)
    assert find_toolchain().path == shutil.which(COMPILERS[-1])
    assert find_toolchain("gcc").family == "gcc"


@pytest.mark.parametrize("name", ["no-such-compiler", "cat", "/", "true -x"])
def test_what_is_no_compiler_is_refused_by_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", name)
    with pytest.raises(FlashcError) as refused:
        find_toolchain()
    (found,) = refused.value.diagnostics
    assert (found.code, found.message) == ("FC0909", f"`{name}` is not a C compiler that can be run")


def test_without_a_compiler_the_package_to_install_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FlashcError) as refused:
        find_toolchain()
    (found,) = refused.value.diagnostics
    assert (found.code, found.message) == ("FC0909", "no C compiler is installed")
    assert "apt install gcc libc6-dev" in found.helps[0]


def test_missing_headers_are_the_machine_s_fault(tmp_path: Path) -> None:
    with pytest.raises(FlashcError, match=r"the C compiler finds no <no_such_header.h>"):
        build("#include <no_such_header.h>\n" + SMALL, tmp_path / "strategy.so", find_toolchain("gcc"))


# --- the key


def test_the_key_depends_on_text_compiler_flags_and_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    gcc = Toolchain("gcc", "gcc", "gcc-12.2.0")
    keys = {
        build_hash(SMALL, gcc),
        build_hash(SMALL + " ", gcc),
        build_hash(SMALL, Toolchain("gcc", "gcc", "gcc-13.1.0")),
    }
    keys.add(build_hash(SMALL, Toolchain("gcc", "gcc", "gcc-12.2.0", ("-m64",))))
    keys.add(build_hash(SMALL, Toolchain("clang", "clang", "gcc-12.2.0")))
    keys.add(build_hash(SMALL, gcc, ("-DFS_BACKTEST",)))
    monkeypatch.setattr(toolchain, "header_stamp", lambda: "0")
    keys.add(build_hash(SMALL, gcc))
    assert len(keys) == 7
    assert build_hash(SMALL, gcc) == build_hash(SMALL, Toolchain("/usr/bin/gcc", "gcc", "gcc-12.2.0")), (
        "no place counts"
    )


def test_the_flags_keep_numbers_exact() -> None:
    gcc, clang = (toolchain.flags(Toolchain(name, name, name)) for name in ("gcc", "clang"))
    for flag in ("-ffp-contract=off", "-fno-fast-math", "-fwrapv", "-fno-math-errno", "-nostdlib", "-Werror"):
        assert flag in gcc
        assert flag in clang
    assert not {flag for flag in gcc if "native" in flag or flag in ("-Ofast", "-ffast-math", "-lm")}


# --- reading objects


@pytest.mark.parametrize("cut", [0, 3, 40, 63, 200, -1])
def test_a_cut_object_is_no_elf_file(cut: int, tmp_path: Path) -> None:
    build(SMALL, tmp_path / "strategy.so", find_toolchain())
    with pytest.raises(NotElf):
        read_elf((tmp_path / "strategy.so").read_bytes()[:cut])


def test_a_foreign_file_is_no_elf_file() -> None:
    with pytest.raises(NotElf):
        read_elf(b"MZ" + bytes(200))
