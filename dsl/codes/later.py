"""Groups 07 and 09: models, toolchain."""

from __future__ import annotations

from ..diagnostics import Category
from .code import Code, strategy


def _reserved(code: str, title: str, category: Category, explanation: str) -> Code:
    return Code(code, title, category, explanation, reserved=True)


_M, _F, _T = Category.MODEL, Category.FILE, Category.TOOLCHAIN

CODES = (
    _reserved(
        "FC0701",
        "model inputs do not match",
        _M,
        "The order, shape, type or unit of the inputs differs from what the model was trained on.",
    ),
    Code(
        "FC0702",
        "account state as a label or model feature",
        _M,
        "A label or a model input depends on the position or the account. Training data has no account, so the model "
        "would see values in use that it never saw in training.",
        (strategy(long="close > open", tail="labels:\n  gain: lead(close, 5) / close + pos.notional / 9 USDC"),),
        strategy(long="close > open", tail="labels:\n  gain: lead(close, 5) / close - 1.0"),
    ),
    _reserved(
        "FC0703",
        "model operator not supported inline",
        _M,
        "The model has an operator that cannot be compiled into the strategy. Use `engine: async`, or a simpler model.",
    ),
    _reserved("FC0704", "model over budget", _M, "The model costs more per event than the strategy's budget allows."),
    _reserved(
        "FC0705", "model differs from the lock", _M, "The model file is not the one that `flash.lock` pins by hash."
    ),
    _reserved(
        "FC0706",
        "absence of a model output is not handled",
        _M,
        "A model output can be absent after `absent_after`. Give it a fallback with `??`.",
    ),
    Code(
        "FC0901",
        "lock file is stale",
        _F,
        "`flash.lock` pins what a strategy is made of besides its own text: the standard library, modules, the venue's "
        "facts, tapes of tests, the compilers. Something is not what the lock says, or the strategy is not in it. The "
        "message shows the old and the new value. If the change is wanted, run `flashc lock`, review the difference "
        "as you review code, and commit it.",
        ("(a lock that says `taker_fee: 0.0004`, and a venue profile that says 0.0005)",),
        "flashc lock",
    ),
    Code(
        "FC0902",
        "module differs from the lock",
        _F,
        "A module that the strategy imports does not mean what it meant when the lock was written. A comment or "
        "another layout does not count. Read what changed; if it is wanted, run `flashc lock`.",
        ("(a function of `helpers.yaml` was edited, and the lock was not renewed)",),
        "flashc lock",
    ),
    Code(
        "FC0903",
        "C compiler differs from the lock",
        _T,
        "The lock names one C compiler, its flags and the level of processor. Another compiler makes other machine "
        "code: with the same results, as far as the proofs go, but not the object that was reviewed and tested. "
        "Install the compiler that is named, or run `flashc lock` and test again.",
        ("(a lock that says `cc: gcc-12.2.0`, on a machine with gcc 13.2.0)",),
        "flashc lock",
    ),
    Code(
        "FC0904",
        "artefact is not reproducible",
        Category.BUG,
        "Compiling the same inputs again, in another folder and with other settings of the system, gave other bytes. "
        "The files that differ are named. This must not happen; please report it.",
        (),
        "flashc compile strategy.flash.yaml --verify-reproducible",
    ),
    Code(
        "FC0905",
        "executors disagree",
        Category.BUG,
        "Two executors of the same program gave different results on the same tape. This is always a fault of the "
        "compiler. The first difference is shown; please report it together with the strategy.",
        (),
        "flashc backtest strategy.flash.yaml --data sample --engine ref",
    ),
    Code(
        "FC0906",
        "edition not supported",
        _T,
        "The file asks for an edition of the language that this release does not read. A release reads its own "
        "edition and the two before it.",
        (strategy().replace("flash: 1", "flash: 9"),),
        strategy(),
    ),
    Code(
        "FC0907",
        "not supported by this release",
        Category.FILE,
        "The language has this feature, and this release does not compile it yet. It is refused, because a file must "
        "never mean less than it says. The message names the feature; remove it or wait for a later release.",
        (strategy(tail="models:\n  edge_model: {file: models/edge.onnx}"),),
        strategy(),
    ),
    Code(
        "FC0908",
        "formatting would change the meaning",
        Category.BUG,
        "The formatter compares the meaning of the file before and after, and they differ. The file is left as it was. "
        "This must never happen; please report the file.",
        reserved=True,
    ),
    Code(
        "FC0909",
        "no C compiler",
        _T,
        "`--engine c` and `compile` turn the strategy into C and need gcc or clang with the headers of the C library. "
        "`--cc` or the variable `CC` name one that is not called `gcc`, `clang` or `cc`. "
        "One that does not even compile an empty function is refused with what it says. The other engines need none.",
        ("flashc backtest strategy.flash.yaml --data sample --engine c",),
        "apt install gcc libc6-dev",
    ),
    Code(
        "FC0910",
        "object cannot be used",
        _T,
        "A compiled strategy (`strategy.so`) is damaged, was changed after it was made, or was made for another "
        "processor, another release or another strategy. It is refused before a byte of it runs. Compile again.",
        ("(an artefact whose `strategy.so` is cut off)",),
        "flashc compile strategy.flash.yaml",
    ),
    Code(
        "FC0911",
        "floating-point environment was changed",
        _T,
        "Something in this process changed how the processor rounds, or lets it set the smallest numbers to zero; "
        "results would differ in their last bits. A library that was built with `-ffast-math` does it when it is "
        "loaded. Run flashc in a process of its own, or load that library later.",
        ("(a run beside a library that sets flush-to-zero)",),
        "flashc backtest strategy.flash.yaml --data sample",
    ),
    Code(
        "FC0912",
        "generated C does not compile",
        Category.BUG,
        "The C compiler refused the file that flashc made of a strategy, or the object needs something that it must "
        "not need. This is always a fault of flashc. The message names a folder with all that is needed to find it; "
        "please report it. The other engines still run the strategy.",
        (),
        "flashc backtest strategy.flash.yaml --data sample --engine numba",
    ),
    Code(
        "FC0913",
        "not an artefact that this release can run",
        _F,
        "The folder has no manifest, or one that flashc did not write, or one of another release. What runs is read "
        "from an artefact folder only, so nothing is guessed. Compile the strategy again.",
        ('(a folder whose manifest says `"manifest": 99`)',),
        "flashc compile strategy.flash.yaml",
    ),
    Code(
        "FC0914",
        "an artefact was changed after it was made",
        _F,
        "The manifest lists the hash of every file, and the hash of itself. A file is missing, is a symbolic link, or "
        "has other bytes. An artefact is never edited: compile the strategy again.",
        ("(a folder whose `strategy.so` was replaced)",),
        "flashc compile strategy.flash.yaml",
    ),
    Code(
        "FC0916",
        "a snapshot cannot be taken up",
        _F,
        "A snapshot holds the state of a running strategy, with a check sum. This one is cut off, damaged, or of "
        "another release's format. Nothing of it was taken up. Without it the strategy warms up from the market again.",
        ("(a snapshot of which only the first half was written)",),
        "(a snapshot as it was written)",
    ),
    Code(
        "FC0915",
        "the lock file cannot be used",
        _F,
        "`flash.lock` is not YAML, has keys or values that `flashc lock` does not write, or its checksum does not fit: "
        "it was edited by hand, or a merge was left half done. Write it again with `flashc lock` and review the "
        "difference; without a lock nothing is pinned.",
        ("(a `flash.lock` with `<<<<<<< HEAD` in it)",),
        "flashc lock",
    ),
)
