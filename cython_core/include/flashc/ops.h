/* Scalar operations, one function per pure row of compiler/ir/ops.py: `x.y` there is fs_x_y here.

   Integers are 64-bit and wrap: sums and products are made of unsigned words, whose overflow is defined. Floats are
   binary64, one rounding per operation. Every function is defined for all inputs, none calls a library: the builtins
   are single instructions at every level of optimization. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#if defined(__FAST_MATH__)
#error "strategy code never compiles with fast-math: it changes results"
#endif
_Static_assert(__FLT_EVAL_METHOD__ == 0, "doubles must be rounded to 64 bits after each operation");

#define FS_INLINE static inline __attribute__((always_inline))

/* A word of the state block: an f64 slot's words are .f, an i64 slot's words .i. */
typedef union {
  int64_t i;
  double f;
} fs_word;
_Static_assert(sizeof(fs_word) == 8, "the state block is made of 8-byte words");

/* integers */

static inline int64_t fs_iadd(int64_t a, int64_t b) { return (int64_t)((uint64_t)a + (uint64_t)b); }
static inline int64_t fs_isub(int64_t a, int64_t b) { return (int64_t)((uint64_t)a - (uint64_t)b); }
static inline int64_t fs_imul(int64_t a, int64_t b) { return (int64_t)((uint64_t)a * (uint64_t)b); }
static inline int64_t fs_ineg(int64_t a) { return (int64_t)(0 - (uint64_t)a); }
static inline int64_t fs_iabs(int64_t a) { return a < 0 ? fs_ineg(a) : a; }

/* Floor; 0 if b is 0. Minus one is apart because the least integer divided by it traps. */
static inline int64_t fs_idiv(int64_t a, int64_t b) {
  if (b == 0) return 0;
  if (b == -1) return fs_ineg(a);
  const int64_t quotient = a / b;
  return a % b != 0 && (a ^ b) < 0 ? quotient - 1 : quotient;
}

/* The sign of b; 0 if b is 0. */
static inline int64_t fs_imod(int64_t a, int64_t b) {
  if (b == 0 || b == -1) return 0;
  const int64_t rest = a % b;
  return rest != 0 && (rest ^ b) < 0 ? rest + b : rest;
}

static inline int64_t fs_imin(int64_t a, int64_t b) { return b < a ? b : a; }
static inline int64_t fs_imax(int64_t a, int64_t b) { return a < b ? b : a; }
static inline bool fs_ilt(int64_t a, int64_t b) { return a < b; }
static inline bool fs_ile(int64_t a, int64_t b) { return a <= b; }
static inline bool fs_ieq(int64_t a, int64_t b) { return a == b; }
static inline bool fs_ine(int64_t a, int64_t b) { return a != b; }
static inline int64_t fs_iand(int64_t a, int64_t b) { return a & b; }
static inline int64_t fs_ior(int64_t a, int64_t b) { return a | b; }
static inline int64_t fs_ixor(int64_t a, int64_t b) { return a ^ b; }
static inline int64_t fs_ishl(int64_t a, int64_t b) { return (int64_t)((uint64_t)a << (b & 63)); }
static inline int64_t fs_ishr(int64_t a, int64_t b) { return a >> (b & 63); }

/* floats */

static inline double fs_fadd(double a, double b) { return a + b; }
static inline double fs_fsub(double a, double b) { return a - b; }
static inline double fs_fmul(double a, double b) { return a * b; }
static inline double fs_fdiv(double a, double b) { return a / b; }
static inline double fs_fneg(double a) { return -a; }
static inline double fs_fabs(double a) { return __builtin_fabs(a); }
static inline double fs_fsqrt(double a) { return __builtin_sqrt(a); }
/* These two decide what -0.0 and NaN give by their order: do not swap the operands. */
static inline double fs_fmin(double a, double b) { return b < a ? b : a; }
static inline double fs_fmax(double a, double b) { return a < b ? b : a; }

/* Whole numbers. Where gcc thinks code is cold, it calls libm for __builtin_floor even if there is an instruction. */
#if defined(__SSE4_1__)
typedef double fs_two __attribute__((vector_size(16)));
#define FS_WHOLE(a, mode, portable) __builtin_ia32_roundsd((fs_two){(a), 0.0}, (fs_two){(a), 0.0}, (mode) | 8)[0]
#else
#define FS_WHOLE(a, mode, portable) portable(a)
#endif
static inline double fs_fround(double a) { return FS_WHOLE(a, 0, __builtin_rint); }
static inline double fs_ffloor(double a) { return FS_WHOLE(a, 1, __builtin_floor); }
static inline double fs_fceil(double a) { return FS_WHOLE(a, 2, __builtin_ceil); }
static inline double fs_ftrunc(double a) { return FS_WHOLE(a, 3, __builtin_trunc); }

static inline bool fs_flt(double a, double b) { return a < b; }
static inline bool fs_fle(double a, double b) { return a <= b; }
static inline bool fs_feq(double a, double b) { return a == b; }
static inline bool fs_fne(double a, double b) { return a != b; }

/* bools */

static inline bool fs_band(bool a, bool b) { return a & b; }
static inline bool fs_bor(bool a, bool b) { return a | b; }
static inline bool fs_bxor(bool a, bool b) { return a ^ b; }
static inline bool fs_bnot(bool a) { return !a; }

/* choice and conversion */

static inline bool fs_select_b(bool c, bool a, bool b) { return c ? a : b; }
static inline int64_t fs_select_i(bool c, int64_t a, int64_t b) { return c ? a : b; }
static inline double fs_select_f(bool c, double a, double b) { return c ? a : b; }
static inline int64_t fs_b2i(bool a) { return a; }
static inline double fs_i2f(int64_t a) { return (double)a; }

/* Truncates and saturates; 0 for NaN. C leaves the conversion of other values undefined. */
static inline int64_t fs_f2i(double a) {
  if (a >= 0x1p63) return INT64_MAX;
  if (a < -0x1p63) return INT64_MIN;
  return a == a ? (int64_t)a : 0;
}

/* One pattern for every NaN: its sign and payload depend on the processor and the compiler. */
static inline int64_t fs_fbits(double a) {
  const fs_word word = {.f = a};
  return a == a ? word.i : INT64_C(0x7ff8000000000000);
}

static inline double fs_bitsf(int64_t a) {
  const fs_word word = {.i = a};
  return word.f;
}
