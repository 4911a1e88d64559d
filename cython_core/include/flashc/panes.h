/* Panes: one value per stretch of time, so that a window over time costs what it has panes. The rules stand in
   compiler/evaluate/windows.py. The first half of the slot's words are values, the other half the numbers of the panes
   that they belong to. */
#pragma once

#include "windows.h"

typedef int64_t (*fs_combine_i)(int64_t, int64_t);

/* panes of integers */

FS_INLINE void fs_pane_put_i(
  fs_word *st, int64_t base, int64_t words, int64_t pane, int64_t x, int64_t neutral, fs_combine_i combine) {
  const int64_t panes = words >> 1, at = base + (pane & (panes - 1));
  st[at].i = combine(st[at + panes].i == pane ? st[at].i : neutral, x);
  st[at + panes].i = pane;
}

FS_INLINE int64_t fs_pane_query_i(
  const fs_word *st, int64_t base, int64_t words, int64_t pane, int64_t length, int64_t neutral, fs_combine_i combine) {
  const int64_t panes = words >> 1;
  int64_t result = neutral;
  for (int64_t back = fs_clamped(length, panes) - 1; back >= 0; back--) {
    const int64_t number = fs_isub(pane, back), at = base + (number & (panes - 1));
    if (st[at + panes].i == number) result = combine(result, st[at].i);
  }
  return result;
}

static inline void fs_pane_put_isum(fs_word *st, int64_t base, int64_t words, int64_t pane, int64_t x) {
  fs_pane_put_i(st, base, words, pane, x, 0, fs_iadd);
}

static inline void fs_pane_put_imin(fs_word *st, int64_t base, int64_t words, int64_t pane, int64_t x) {
  fs_pane_put_i(st, base, words, pane, x, INT64_MAX, fs_imin);
}

static inline void fs_pane_put_imax(fs_word *st, int64_t base, int64_t words, int64_t pane, int64_t x) {
  fs_pane_put_i(st, base, words, pane, x, INT64_MIN, fs_imax);
}

static inline int64_t fs_pane_isum(const fs_word *st, int64_t base, int64_t words, int64_t pane, int64_t length) {
  return fs_pane_query_i(st, base, words, pane, length, 0, fs_iadd);
}

static inline int64_t fs_pane_imin(const fs_word *st, int64_t base, int64_t words, int64_t pane, int64_t length) {
  return fs_pane_query_i(st, base, words, pane, length, INT64_MAX, fs_imin);
}

static inline int64_t fs_pane_imax(const fs_word *st, int64_t base, int64_t words, int64_t pane, int64_t length) {
  return fs_pane_query_i(st, base, words, pane, length, INT64_MIN, fs_imax);
}

/* panes of floats: the number of a pane is a double too */

FS_INLINE void fs_pane_put_f(
  fs_word *st, int64_t base, int64_t words, int64_t pane, double x, double neutral, fs_combine combine) {
  const int64_t panes = words >> 1, at = base + (pane & (panes - 1));
  const double number = fs_i2f(pane);
  st[at].f = combine(st[at + panes].f == number ? st[at].f : neutral, x);
  st[at + panes].f = number;
}

FS_INLINE double fs_pane_query_f(
  const fs_word *st, int64_t base, int64_t words, int64_t pane, int64_t length, double neutral, fs_combine combine) {
  const int64_t panes = words >> 1;
  double result = neutral;
  for (int64_t back = fs_clamped(length, panes) - 1; back >= 0; back--) {
    const int64_t number = fs_isub(pane, back), at = base + (number & (panes - 1));
    if (st[at + panes].f == fs_i2f(number)) result = combine(result, st[at].f);
  }
  return result;
}

static inline void fs_pane_put_sum(fs_word *st, int64_t base, int64_t words, int64_t pane, double x) {
  fs_pane_put_f(st, base, words, pane, x, 0.0, fs_fadd);
}

static inline void fs_pane_put_min(fs_word *st, int64_t base, int64_t words, int64_t pane, double x) {
  fs_pane_put_f(st, base, words, pane, x, __builtin_inf(), fs_fmin);
}

static inline void fs_pane_put_max(fs_word *st, int64_t base, int64_t words, int64_t pane, double x) {
  fs_pane_put_f(st, base, words, pane, x, -__builtin_inf(), fs_fmax);
}

static inline double fs_pane_sum(const fs_word *st, int64_t base, int64_t words, int64_t pane, int64_t length) {
  return fs_pane_query_f(st, base, words, pane, length, 0.0, fs_fadd);
}

static inline double fs_pane_min(const fs_word *st, int64_t base, int64_t words, int64_t pane, int64_t length) {
  return fs_pane_query_f(st, base, words, pane, length, __builtin_inf(), fs_fmin);
}

static inline double fs_pane_max(const fs_word *st, int64_t base, int64_t words, int64_t pane, int64_t length) {
  return fs_pane_query_f(st, base, words, pane, length, -__builtin_inf(), fs_fmax);
}
