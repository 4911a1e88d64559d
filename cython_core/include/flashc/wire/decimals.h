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
