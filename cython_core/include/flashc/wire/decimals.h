/* Decimal text to whole numbers, exactly: the twin of cython_core/wire/decimals.py, which states the rules. */
#pragma once

#include "bytes.h"
#include "codes.h"

static const int64_t fs_powers_of_ten[FS_DECIMAL_MOST_DECIMALS + 1] = {
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    INT64_C(10000000000),
    INT64_C(100000000000),
    INT64_C(1000000000000),
    INT64_C(10000000000000),
    INT64_C(100000000000000),
    INT64_C(1000000000000000),
    INT64_C(10000000000000000),
    INT64_C(100000000000000000),
    INT64_C(1000000000000000000),
};

static inline bool fs_is_digit(uint8_t byte) { return (uint8_t)(byte - '0') <= 9; }

/* Digits from `k` on. */
static inline size_t fs_digits(const uint8_t *text, size_t size, size_t k) {
  const size_t first = k;
  while (k < size && fs_is_digit(text[k])) k++;
  return k - first;
}

/* Appends a digit; false if the number is then above INT64_MAX. */
static inline bool fs_append_digit(int64_t *value, int64_t digit) {
  return !__builtin_mul_overflow(*value, INT64_C(10), value) && !__builtin_add_overflow(*value, digit, value);
}

/* The value of digits that are known to be a number: `whole` of them, then `part` behind a point. */
static inline int64_t fs_decimal_value(const uint8_t *digits, size_t whole, size_t part, size_t decimals,
                                       int64_t *value) {
  int64_t found = 0;
  bool fits = true, on_grid = true;
  for (size_t k = 0; k < whole; k++) fits = fits && fs_append_digit(&found, digits[k] - '0');
  const uint8_t *behind = digits + whole + 1;
  for (size_t k = 0; k < decimals; k++) fits = fits && fs_append_digit(&found, k < part ? behind[k] - '0' : 0);
  for (size_t k = decimals; k < part; k++) on_grid = on_grid && behind[k] == '0';
  if (!fits) return FS_DECIMAL_TOO_LARGE;
  if (!on_grid) return FS_DECIMAL_OFF_GRID;
  *value = found;
  return 0;
}

/* The text's value times 10**decimals, `decimals` 0..18: 0 and `*value`, or the reason against it. */
static inline int64_t fs_decimal(const uint8_t *text, size_t size, size_t decimals, bool negative, int64_t *value) {
  if (size == 0) return FS_DECIMAL_EMPTY;
  if (size > FS_DECIMAL_MAX_TEXT) return FS_DECIMAL_TOO_LONG;
  const bool below = text[0] == '-';
  if (below && !negative) return FS_DECIMAL_NEGATIVE;
  const size_t begin = below ? 1 : 0, whole = fs_digits(text, size, begin);
  size_t at = begin + whole, part = 0;
  if (whole == 0) return FS_DECIMAL_NOT_A_NUMBER;
  if (at < size && text[at] == '.') {
    part = fs_digits(text, size, at + 1);
    if (part == 0) return FS_DECIMAL_NOT_A_NUMBER;
    at += 1 + part;
  }
  if (at < size) return text[at] == 'e' || text[at] == 'E' ? FS_DECIMAL_EXPONENT : FS_DECIMAL_NOT_A_NUMBER;
  int64_t found = 0;
  const int64_t reason = fs_decimal_value(text + begin, whole, part, decimals, &found);
  if (reason != 0) return reason;
  *value = below ? -found : found;
  return 0;
}

/* The common texts, without a step per digit. Eight characters at a time, each a byte of a word, the first lowest. */

/* 0x80 in each byte of `word` that is zero, up to the first such byte from below; bits above it may be wrong. */
static inline uint64_t fs_zero_bytes(uint64_t word) { return (word - FS_EACH_BYTE(0x01)) & ~word & FS_EACH_BYTE(0x80); }

static inline bool fs_all_digits(uint64_t word) {
  const uint64_t high = FS_EACH_BYTE(0xF0);
  return ((word & high) | (((word + FS_EACH_BYTE(0x06)) & high) >> 4)) == FS_EACH_BYTE(0x33);
}

/* The number that eight digits spell. */
static inline uint64_t fs_eight_digits(uint64_t word) {
  word = (word & FS_EACH_BYTE(0x0F)) * 2561 >> 8;
  word = (word & UINT64_C(0x00FF00FF00FF00FF)) * 6553601 >> 16;
  return (word & UINT64_C(0x0000FFFF0000FFFF)) * UINT64_C(42949672960001) >> 32;
}

__extension__ typedef unsigned __int128 fs_two_words;

/* One of the texts below, right-aligned in `bits` bits with '0' before it and without its point; `*part` digits stood
   behind the point. False if the point stands first or last. */
#define FS_WITHOUT_POINT(name, type, bits, ones, find)                                                              \
  static inline bool name(type word, size_t size, type *digits, size_t *part) {                                     \
    const size_t room = bits - 8 * size;                                                                            \
    word <<= room;                                                                                                  \
    const size_t at = find(word);                                                                                   \
    if (at == bits) {                                                                                               \
      *part = 0;                                                                                                    \
      *digits = word | ((ones) * '0' & (((type)1 << room) - 1));                                                    \
      return true;                                                                                                  \
    }                                                                                                               \
    if (at == room || at == bits - 8) return false;                                                                 \
    const type below = ((type)1 << at) - 1;                                                                         \
    *part = (bits - 8 - at) / 8;                                                                                    \
    *digits = (word & ~(below | (type)0xFF << at)) | (word & below) << 8 |                                          \
              ((ones) * '0' & (((type)0x100 << room) - 1));                                                         \
    return true;                                                                                                    \
  }

/* The first bit of the first point; the number of bits if there is none. */
static inline size_t fs_point_in_8(uint64_t word) {
  const uint64_t found = fs_zero_bytes(word ^ FS_EACH_BYTE('.'));
  return found == 0 ? 64 : (size_t)__builtin_ctzll(found) - 7;
}

static inline size_t fs_point_in_16(fs_two_words word) {
  const size_t low = fs_point_in_8((uint64_t)word);
  return low < 64 ? low : 64 + fs_point_in_8((uint64_t)(word >> 64));
}

FS_WITHOUT_POINT(fs_align_8, uint64_t, 64, FS_EACH_BYTE(1), fs_point_in_8)
FS_WITHOUT_POINT(fs_align_16, fs_two_words, 128, ((fs_two_words)FS_EACH_BYTE(1) << 64 | FS_EACH_BYTE(1)), fs_point_in_16)

static inline bool fs_times_ten(uint64_t number, size_t zeros, int64_t *value) {
  return !__builtin_mul_overflow((int64_t)number, fs_powers_of_ten[zeros], value);
}

static inline bool fs_decimal_8(const uint8_t *text, size_t size, size_t decimals, int64_t *value) {
  uint64_t digits;
  size_t part;
  if (!fs_align_8(fs_load8(text), size, &digits, &part) || !fs_all_digits(digits)) return false;
  if (part > decimals) {
    const size_t rest = 8 * (part - decimals); /* at most 48 */
    if (digits >> (64 - rest) != FS_EACH_BYTE('0') >> (64 - rest)) return false;
    digits = digits << rest | (FS_EACH_BYTE('0') & ((UINT64_C(1) << rest) - 1));
    part = decimals;
  }
  return fs_times_ten(fs_eight_digits(digits), decimals - part, value);
}

static inline bool fs_decimal_16(const uint8_t *text, size_t size, size_t decimals, int64_t *value) {
  fs_two_words digits;
  size_t part;
  const fs_two_words word = (fs_two_words)fs_load8(text + 8) << 64 | fs_load8(text);
  const fs_two_words zeros = (fs_two_words)FS_EACH_BYTE('0') << 64 | FS_EACH_BYTE('0');
  if (!fs_align_16(word, size, &digits, &part)) return false;
  if (!fs_all_digits((uint64_t)digits) || !fs_all_digits((uint64_t)(digits >> 64))) return false;
  if (part > decimals) {
    const size_t rest = 8 * (part - decimals); /* at most 112 */
    if (digits >> (128 - rest) != zeros >> (128 - rest)) return false;
    digits = digits << rest | (zeros & (((fs_two_words)1 << rest) - 1));
    part = decimals;
  }
  const uint64_t number = fs_eight_digits((uint64_t)digits) * 100000000 + fs_eight_digits((uint64_t)(digits >> 64));
  return fs_times_ten(number, decimals - part, value);
}

/* As `fs_decimal` for texts without a sign, of at most 16 characters, with at least 16 readable bytes from the first on:
   true and `*value`, or false, which says nothing. */
static inline bool fs_decimal_fast(const uint8_t *text, size_t size, size_t decimals, int64_t *value) {
  if (size - 1 < 8) return fs_decimal_8(text, size, decimals, value);
  return size - 1 < 16 && fs_decimal_16(text, size, decimals, value);
}
