"""Faults of the C printer, its flags, the headers, the split of an event, and snapshots."""

from __future__ import annotations

from faults.fault import C_CALLS, C_PROGRAMS, C_TEXT, SNAPSHOTS, STRETCHES, Fault, check

_B, _H = "compiler/backends/c", "cython_core/include/flashc"
FLAGS = check("tests/compiler/backends/c/test_toolchain.py", "tests/differential/test_c_programs.py")
TWO_BUILDS = check("tests/differential/test_c_headers.py", "tests/differential/test_c_programs.py")

HEADER_TEXT = check("tests/compiler/backends/test_c_headers.py")

FAULTS = (
    # the compiler
    Fault(
        "c flags: products and sums may be contracted",
        f"{_B}/toolchain.py",
        '"-ffp-contract=off"',
        '"-ffp-contract=fast"',
        STRETCHES,
    ),
    Fault(
        "c flags: the level of the machine at hand",
        f"{_B}/toolchain.py",
        'f"-march={LEVEL}",',
        '"-march=native",',
        FLAGS,
    ),
    Fault(
        "c flags: fast-math",
        f"{_B}/toolchain.py",
        '    "-fno-fast-math",\n',
        '    "-funsafe-math-optimizations",\n',
        FLAGS,
    ),
    Fault(
        "c object: symbols of other libraries are let through",
        f"{_B}/toolchain.py",
        "if name not in IMPORTS]",
        'if name not in IMPORTS and "_" in name]',
        C_TEXT,
    ),
    # the printer
    Fault(
        "c: floats are printed with sixteen digits",
        f"{_B}/spelling.py",
        "return value.hex()",
        'return f"{value:.15e}"',
        C_PROGRAMS,
    ),
    Fault(
        "c: integers add as C's operator",
        f"{_B}/spelling.py",
        '    "ilt": "{} < {}",\n',
        '    "iadd": "{} + {}",\n    "ilt": "{} < {}",\n',
        C_TEXT,
    ),
    Fault(
        "c: the offset of the slot before",
        f"{_B}/body.py",
        'first = ["st", str(self.frame.offsets[slot]),',
        'first = ["st", str(max(0, self.frame.offsets[slot] - 1)),',
        C_PROGRAMS,
    ),
    Fault(
        "c: the ticked word is not cleared",
        f"{_B}/printer.py",
        'body = [f"f->w{at} = 0;", f"f->due',
        'body = [f"f->due',
        C_PROGRAMS,
    ),
    Fault(
        "c: a hot word is not stored back",
        f"{_B}/printer.py",
        'store_hot=[f"{place} = f->w{at};" for at, place in self._hot_places()]',
        'store_hot=[f"{place} = f->w{at};" for at, place in self._hot_places()[1:]]',
        C_PROGRAMS,
    ),
    Fault(
        "c: a region of probes ends another region",
        f"{_B}/body.py",
        '            self.lines.pop()\n        else:\n            self._line("}")',
        '            self.lines.pop()\n        self._line("}")',
        C_TEXT,
    ),
    Fault(
        "c: words that start at -0.0 start at 0.0",
        f"{_B}/printer.py",
        'if value in ("INT64_C(0)", "0x0.0p+0"):',
        'if value in ("INT64_C(0)", "0x0.0p+0", "-0x0.0p+0"):',
        C_PROGRAMS,
    ),
    Fault(
        "c: a report loses the state in registers",
        "codegen_templates/strategy.c.j2",
        "{% endfor %}\n  fs_store_hot(f, st);\n  fs_wishes(f, out);",
        "{% endfor %}\n  fs_wishes(f, out);",
        C_PROGRAMS,
    ),
    Fault(
        "c: a record at the time of a wake is taken too",
        "codegen_templates/strategy.c.j2",
        "rec[FS_TIME] < f->wake)",
        "rec[FS_TIME] <= f->wake)",
        STRETCHES,
    ),
    # the split of an event
    Fault(
        "split: what a later part reads may wait",
        f"{_B}/split.py",
        "grown = {k: first[k] | _overtaken(k, segments, bodies, first) for k in bodies}",
        "grown = dict(first)",
        STRETCHES,
    ),
    Fault(
        "split: a wake may wait",
        f"{_B}/split.py",
        '_WANTED = frozenset({"emit", "cancel", "wake"})',
        '_WANTED = frozenset({"emit", "cancel"})',
        C_PROGRAMS,
    ),
    Fault(
        "split: the rest of a segment is forgotten in a live process",
        "codegen_templates/strategy.c.j2",
        "  fs_frame *f = frame;\n  fs_rest(FS_GIVEN);\n",
        "  fs_frame *f = frame;\n",
        C_PROGRAMS,
    ),
    Fault(
        "split: risk runs though nothing was decided",
        "codegen_templates/strategy.c.j2",
        "  if (f->act != 0) fs_risk(FS_GIVEN);\n  fs_wishes(f, out);",
        "  fs_risk(FS_GIVEN);\n  fs_wishes(f, out);",
        C_PROGRAMS,
    ),
    # snapshots
    Fault(
        "snapshot: the last word of the state is not saved",
        f"{_H}/snapshot.h",
        "memcpy(body + 2 * s->n_slots, st, 8u * (size_t)s->state_words);",
        "memcpy(body + 2 * s->n_slots, st, 8u * (size_t)(s->state_words - 1));",
        SNAPSHOTS,
    ),
    Fault(
        "snapshot: a slot of another type is taken up",
        f"{_H}/snapshot.h",
        "row[0] == fs_slot_word(slot, false) && row[1] == fs_slot_word(slot, true)",
        "row[0] == fs_slot_word(slot, false)",
        SNAPSHOTS,
    ),
    Fault(
        "snapshot: damage is not noticed",
        f"{_H}/snapshot.h",
        "return total <= words && w[7] ==",
        "return total <= words && w[7] == w[7] && w[7] != 0 && w[7] + 0 * ",
        SNAPSHOTS,
    ),
    Fault(
        "snapshot: a new average among old ones passes as warm",
        f"{_H}/snapshot.h",
        "(slot->group == FS_MARKET && whole)",
        "slot->group == FS_MARKET",
        SNAPSHOTS,
    ),
    # the headers
    Fault(
        "header: a tie of fmin takes the second",
        f"{_H}/ops.h",
        "double fs_fmin(double a, double b) { return b < a ? b : a; }",
        "double fs_fmin(double a, double b) { return a < b ? a : b; }",
        C_CALLS,
    ),
    Fault(
        "header: a NaN keeps its own bits",
        f"{_H}/ops.h",
        "return a == a ? word.i : INT64_C(0x7ff8000000000000);",
        "return word.i;",
        C_CALLS,
    ),
    Fault(
        "header: signed sums overflow",
        f"{_H}/ops.h",
        "fs_iadd(int64_t a, int64_t b) { return (int64_t)((uint64_t)a + (uint64_t)b); }",
        "fs_iadd(int64_t a, int64_t b) { return a + b; }",
        HEADER_TEXT,
    ),
    Fault(
        "header: shifts by 64 and more",
        f"{_H}/ops.h",
        "return a >> (b & 63);",
        "return b > 63 ? a >> 63 : a >> (b & 63);",
        C_CALLS,
    ),
    Fault(
        "header: the least integer is divided by -1",
        f"{_H}/ops.h",
        "if (b == -1) return fs_ineg(a);",
        "",
        C_CALLS,
    ),
    Fault(
        "header: 2**63 is not saturated",
        f"{_H}/ops.h",
        "if (a >= 0x1p63) return INT64_MAX;",
        "if (a > 0x1p63) return INT64_MAX;",
        C_CALLS,
    ),
    Fault("header: a call of libm", f"{_H}/ops.h", "__builtin_sqrt(a)", "__builtin_pow(a, 0.5)", TWO_BUILDS),
    Fault(
        "header: round away from zero",
        f"{_H}/ops.h",
        "FS_WHOLE(a, 0, __builtin_rint)",
        "FS_WHOLE(a + (a < 0 ? -0.5 : 0.5), 3, __builtin_round)",
        C_CALLS,
    ),
    Fault(
        "header: a ninth intent is written behind the block",
        f"{_H}/outcomes.h",
        "if (count >= FS_MAX_INTENTS) return count;",
        "if (count > FS_MAX_INTENTS) return count;",
        C_CALLS,
    ),
    Fault(
        "header: of equal values the oldest is the least",
        f"{_H}/windows.h",
        "if (x->f <= found) found = x->f, ago = back;",
        "if (x->f < found) found = x->f, ago = back;",
        C_CALLS,
    ),
    Fault(
        "header: a tree is asked in another order",
        f"{_H}/windows.h",
        "result = combine(result, st[base + ((leaves + at) >> log2)].f);",
        "result = combine(st[base + ((leaves + at) >> log2)].f, result);",
        C_CALLS,
    ),
    Fault("header: moments of an empty side", f"{_H}/windows.h", "if (b.count == 0.0) return a;", "", C_CALLS),
    Fault(
        "header: equal values of a sorted ring change places",
        f"{_H}/ordered.h",
        "(own == key && place < at)",
        "(own == key && place <= at)",
        C_CALLS,
    ),
    Fault(
        "header: a pane of another time is added to",
        f"{_H}/panes.h",
        "st[at].f = combine(st[at + panes].f == number ? st[at].f : neutral, x);",
        "st[at].f = combine(st[at + panes].f <= number ? st[at].f : neutral, x);",
        C_CALLS,
    ),
    Fault(
        "header: of equal sides the profile grows down",
        f"{_H}/profile.h",
        "slot[high + 1].i >= slot[low - 1].i",
        "slot[high + 1].i > slot[low - 1].i",
        C_CALLS,
    ),
    Fault(
        "header: the next ask may be the same",
        f"{_H}/book.h",
        "layer)[number] & fs_ishl(-2, cell)",
        "layer)[number] & fs_ishl(-1, cell)",
        C_CALLS,
    ),
)
