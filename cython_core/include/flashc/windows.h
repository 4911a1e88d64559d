/* Rings, windows over rings, and trees. The formulas and the order of operations stand in compiler/evaluate/windows.py
   and are not free to change. `base` is the offset of the slot in the state block, `words` its length, a power of two
   (of a tree: times 2, of a tree of moments: times 6). */
#pragma once

#include "ops.h"

static inline void fs_fill_i(fs_word *st, int64_t base, int64_t words, int64_t value) {
  for (int64_t k = base; k < base + words; k++) st[k].i = value;
}

static inline void fs_fill_f(fs_word *st, int64_t base, int64_t words, double value) {
  for (int64_t k = base; k < base + words; k++) st[k].f = value;
}

/* rings: word `tick & (words - 1)` belongs to the tick */

static inline void fs_ring_put_i(fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t x) {
  st[base + (tick & (words - 1))].i = x;
}

static inline void fs_ring_put_f(fs_word *st, int64_t base, int64_t words, int64_t tick, double x) {
  st[base + (tick & (words - 1))].f = x;
}

static inline void fs_ring_ramp_i(
  fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t count, int64_t x, int64_t step) {
  for (int64_t j = fs_imax(0, fs_isub(count, words)); j < count; j++) {
    st[base + (fs_iadd(tick, j) & (words - 1))].i = fs_iadd(x, fs_imul(j, step));
  }
}

static inline int64_t fs_ring_get_i(const fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t back) {
  return st[base + (fs_isub(tick, back) & (words - 1))].i;
}

static inline double fs_ring_get_f(const fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t back) {
  return st[base + (fs_isub(tick, back) & (words - 1))].f;
}

/* windows: the n newest values, oldest first, in at most two contiguous runs */

static inline int64_t fs_clamped(int64_t length, int64_t most) { return fs_imax(0, fs_imin(length, most)); }

typedef struct {
  const fs_word *from[2], *to[2];
} fs_runs;

static inline fs_runs fs_window(const fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t length) {
  const int64_t n = fs_clamped(length, words);
  const int64_t start = fs_iadd(fs_isub(tick, n), 1) & (words - 1), end = fs_imin(start + n, words);
  const fs_word *ring = st + base;
  return (fs_runs){{ring + start, ring}, {ring + end, ring + (start + n - end)}};
}

#define FS_EACH(x, runs) \
  for (int run = 0; run < 2; run++) \
    for (const fs_word *x = (runs).from[run]; x != (runs).to[run]; x++)

/* Integers may be combined in any order: eight at a time, in two halves that do not wait for each other. */
typedef int64_t fs_four __attribute__((vector_size(32)));
typedef double fs_four_reals __attribute__((vector_size(32)));

#define FS_TAKE_EIGHT(kind, a, b, x) \
  kind a, b; \
  __builtin_memcpy(&a, x, sizeof a), __builtin_memcpy(&b, (x) + 4, sizeof b)

static inline double fs_win_sum(const fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t length) {
  const fs_runs window = fs_window(st, base, words, tick, length);
  double total = 0.0;
  FS_EACH(x, window) total = total + x->f;
  return total;
}

static inline double fs_win_wsum(const fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t length) {
  const fs_runs window = fs_window(st, base, words, tick, length);
  double total = 0.0, weight = 1.0;
  FS_EACH(x, window) {
    const double weighted = weight * x->f;
    total = total + weighted;
    weight = weight + 1.0;
  }
  return total;
}

static inline double fs_win_m2(
    const fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t length, double mean) {
  const fs_runs window = fs_window(st, base, words, tick, length);
  double total = 0.0;
  FS_EACH(x, window) {
    const double d = x->f - mean;
    const double square = d * d;
    total = total + square;
  }
  return total;
}

static inline double fs_win_m3(
    const fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t length, double mean) {
  const fs_runs window = fs_window(st, base, words, tick, length);
  double total = 0.0;
  FS_EACH(x, window) {
    const double d = x->f - mean;
    const double square = d * d;
    const double cube = square * d;
    total = total + cube;
  }
  return total;
}

static inline double fs_win_absdev(
    const fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t length, double mean) {
  const fs_runs window = fs_window(st, base, words, tick, length);
  double total = 0.0;
  FS_EACH(x, window) total = total + fs_fabs(x->f - mean);
  return total;
}

static inline double fs_win_min(const fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t length) {
  const fs_runs window = fs_window(st, base, words, tick, length);
  double found = __builtin_inf();
  FS_EACH(x, window) found = fs_fmin(found, x->f);
  return found;
}

static inline double fs_win_max(const fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t length) {
  const fs_runs window = fs_window(st, base, words, tick, length);
  double found = -__builtin_inf();
  FS_EACH(x, window) found = fs_fmax(found, x->f);
  return found;
}

static inline int64_t fs_win_argmin(const fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t length) {
  const fs_runs window = fs_window(st, base, words, tick, length);
  double found = __builtin_inf();
  int64_t back = fs_clamped(length, words), ago = 0;
  FS_EACH(x, window) {
    back--;
    if (x->f <= found) found = x->f, ago = back;
  }
  return ago;
}

static inline int64_t fs_win_argmax(const fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t length) {
  const fs_runs window = fs_window(st, base, words, tick, length);
  double found = -__builtin_inf();
  int64_t back = fs_clamped(length, words), ago = 0;
  FS_EACH(x, window) {
    back--;
    if (found <= x->f) found = x->f, ago = back;
  }
  return ago;
}

/* The least, the greatest and the sum of a run, and how many of it are below a limit. */

static inline int64_t fs_run_imin(const fs_word *x, const fs_word *end, int64_t found) {
  fs_four a = {found, found, found, found}, b = a;
  for (; end - x >= 8; x += 8) {
    FS_TAKE_EIGHT(fs_four, next_a, next_b, x);
    const fs_four in_a = next_a < a, in_b = next_b < b;
    a = (next_a & in_a) | (a & ~in_a);
    b = (next_b & in_b) | (b & ~in_b);
  }
  for (int k = 0; k < 4; k++) found = fs_imin(found, fs_imin(a[k], b[k]));
  for (; x != end; x++) found = fs_imin(found, x->i);
  return found;
}

static inline int64_t fs_run_imax(const fs_word *x, const fs_word *end, int64_t found) {
  fs_four a = {found, found, found, found}, b = a;
  for (; end - x >= 8; x += 8) {
    FS_TAKE_EIGHT(fs_four, next_a, next_b, x);
    const fs_four in_a = a < next_a, in_b = b < next_b;
    a = (next_a & in_a) | (a & ~in_a);
    b = (next_b & in_b) | (b & ~in_b);
  }
  for (int k = 0; k < 4; k++) found = fs_imax(found, fs_imax(a[k], b[k]));
  for (; x != end; x++) found = fs_imax(found, x->i);
  return found;
}

static inline int64_t fs_run_isum(const fs_word *x, const fs_word *end, int64_t total) {
  fs_four a = {0}, b = {0}; /* these wrap: -fwrapv */
  for (; end - x >= 8; x += 8) {
    FS_TAKE_EIGHT(fs_four, next_a, next_b, x);
    a += next_a;
    b += next_b;
  }
  for (int k = 0; k < 4; k++) total = fs_iadd(total, fs_iadd(a[k], b[k]));
  for (; x != end; x++) total = fs_iadd(total, x->i);
  return total;
}

static inline int64_t fs_run_below(const fs_word *x, const fs_word *end, double limit) {
  fs_four a = {0}, b = {0};
  int64_t count = 0;
  for (; end - x >= 8; x += 8) {
    FS_TAKE_EIGHT(fs_four_reals, next_a, next_b, x);
    a -= next_a < limit; /* a comparison that holds is -1 */
    b -= next_b < limit;
  }
  for (int k = 0; k < 4; k++) count += a[k] + b[k];
  for (; x != end; x++) count += x->f < limit;
  return count;
}

static inline int64_t fs_win_imin(const fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t length) {
  const fs_runs window = fs_window(st, base, words, tick, length);
  const int64_t older = fs_run_imin(window.from[0], window.to[0], INT64_MAX);
  return fs_run_imin(window.from[1], window.to[1], older);
}

static inline int64_t fs_win_imax(const fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t length) {
  const fs_runs window = fs_window(st, base, words, tick, length);
  const int64_t older = fs_run_imax(window.from[0], window.to[0], INT64_MIN);
  return fs_run_imax(window.from[1], window.to[1], older);
}

static inline int64_t fs_win_isum(const fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t length) {
  const fs_runs window = fs_window(st, base, words, tick, length);
  const int64_t older = fs_run_isum(window.from[0], window.to[0], 0);
  return fs_run_isum(window.from[1], window.to[1], older);
}

static inline int64_t fs_win_below(
    const fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t length, double limit) {
  const fs_runs window = fs_window(st, base, words, tick, length);
  const int64_t older = fs_run_below(window.from[0], window.to[0], limit);
  return older + fs_run_below(window.from[1], window.to[1], limit);
}

/* trees: node p combines 2p and 2p + 1, the leaf of a tick is node N + (tick & (N - 1)) */

typedef double (*fs_combine)(double, double);

FS_INLINE void fs_tree_put(fs_word *st, int64_t base, int64_t words, int64_t tick, double x, fs_combine combine) {
  const int64_t leaves = words >> 1;
  int64_t node = leaves + (tick & (leaves - 1));
  st[base + node].f = x;
  for (node >>= 1; node > 0; node >>= 1) {
    st[base + node].f = combine(st[base + 2 * node].f, st[base + 2 * node + 1].f);
  }
}

/* Log2 of the leaves of the largest canonical node that starts at leaf `at` and has at most `left` of them. */
static inline int fs_canonical(int64_t leaves, int64_t at, int64_t left) {
  const int most = __builtin_ctzll((uint64_t)(leaves | at)), fits = 63 - __builtin_clzll((uint64_t)left);
  return most < fits ? most : fits;
}

FS_INLINE double fs_tree_query(const fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t length,
                               double neutral, fs_combine combine) {
  const int64_t leaves = words >> 1;
  int64_t left = fs_clamped(length, leaves);
  int64_t at = fs_iadd(fs_isub(tick, left), 1) & (leaves - 1);
  double result = neutral;
  while (left > 0) {
    const int log2 = fs_canonical(leaves, at, left);
    result = combine(result, st[base + ((leaves + at) >> log2)].f);
    at = (at + (INT64_C(1) << log2)) & (leaves - 1);
    left -= INT64_C(1) << log2;
  }
  return result;
}

static inline void fs_tree_put_sum(fs_word *st, int64_t base, int64_t words, int64_t tick, double x) {
  fs_tree_put(st, base, words, tick, x, fs_fadd);
}

static inline void fs_tree_put_min(fs_word *st, int64_t base, int64_t words, int64_t tick, double x) {
  fs_tree_put(st, base, words, tick, x, fs_fmin);
}

static inline void fs_tree_put_max(fs_word *st, int64_t base, int64_t words, int64_t tick, double x) {
  fs_tree_put(st, base, words, tick, x, fs_fmax);
}

static inline double fs_tree_sum(const fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t length) {
  return fs_tree_query(st, base, words, tick, length, 0.0, fs_fadd);
}

static inline double fs_tree_min(const fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t length) {
  return fs_tree_query(st, base, words, tick, length, __builtin_inf(), fs_fmin);
}

static inline double fs_tree_max(const fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t length) {
  return fs_tree_query(st, base, words, tick, length, -__builtin_inf(), fs_fmax);
}

/* trees of moments: words 3p .. 3p + 2 are count, mean and sum of squared deviations of node p */

typedef struct {
  double count, mean, m2;
} fs_moments;

static inline fs_moments fs_moments_at(const fs_word *node) {
  return (fs_moments){node[0].f, node[1].f, node[2].f};
}

static inline void fs_moments_store(fs_word *node, fs_moments x) {
  node[0].f = x.count;
  node[1].f = x.mean;
  node[2].f = x.m2;
}

/* The pairwise rule; a side without values leaves the other unchanged. */
static inline fs_moments fs_moments_combine(fs_moments a, fs_moments b) {
  if (a.count == 0.0) return b;
  if (b.count == 0.0) return a;
  const double count = a.count + b.count;
  const double delta = b.mean - a.mean;
  const double share = b.count / count;
  const double step = delta * share;
  const double within = a.m2 + b.m2;
  const double square = delta * delta;
  const double weight = a.count * share;
  const double between = square * weight;
  return (fs_moments){count, a.mean + step, within + between};
}

static inline void fs_tree_put_mom(fs_word *st, int64_t base, int64_t words, int64_t tick, double x) {
  const int64_t leaves = words / 6;
  int64_t node = leaves + (tick & (leaves - 1));
  fs_moments_store(st + base + 3 * node, (fs_moments){1.0, x, 0.0});
  for (node >>= 1; node > 0; node >>= 1) {
    const fs_word *left = st + base + 6 * node;
    fs_moments_store(st + base + 3 * node, fs_moments_combine(fs_moments_at(left), fs_moments_at(left + 3)));
  }
}

static inline fs_moments fs_tree_moments(
  const fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t length) {
  const int64_t leaves = words / 6;
  int64_t left = fs_clamped(length, leaves);
  int64_t at = fs_iadd(fs_isub(tick, left), 1) & (leaves - 1);
  fs_moments result = {0.0, 0.0, 0.0};
  while (left > 0) {
    const int log2 = fs_canonical(leaves, at, left);
    result = fs_moments_combine(result, fs_moments_at(st + base + 3 * ((leaves + at) >> log2)));
    at = (at + (INT64_C(1) << log2)) & (leaves - 1);
    left -= INT64_C(1) << log2;
  }
  return result;
}

static inline double fs_tree_mean(const fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t length) {
  return fs_tree_moments(st, base, words, tick, length).mean;
}

static inline double fs_tree_m2(const fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t length) {
  return fs_tree_moments(st, base, words, tick, length).m2;
}
