/* What every reader of the wire needs: spans of bytes, loads, text checks. Whole numbers only, nothing is allocated, no
   function reads outside of the bytes that it is given. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the wire's readers load little-endian words"
#endif

/* Bytes of somebody else's memory. */
typedef struct {
  const uint8_t *at;
  size_t size;
} fs_span;

static inline uint64_t fs_load8(const uint8_t *at) {
  uint64_t word;
  __builtin_memcpy(&word, at, 8);
  return word;
}

static inline uint32_t fs_load4(const uint8_t *at) {
  uint32_t word;
  __builtin_memcpy(&word, at, 4);
  return word;
}

static inline uint32_t fs_load2(const uint8_t *at) {
  uint16_t word;
  __builtin_memcpy(&word, at, 2);
  return word;
}

/* Short ones: beats a call. */
static inline bool fs_same_bytes(fs_span a, fs_span b) {
  if (a.size != b.size) return false;
  uint64_t other = 0;
  size_t k = 0;
  for (; k + 4 <= a.size; k += 4) other |= fs_load4(a.at + k) ^ fs_load4(b.at + k);
  for (; k < a.size; k++) other |= (uint64_t)(a.at[k] ^ b.at[k]);
  return other == 0;
}

#define FS_EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline bool fs_is_ascii(const uint8_t *at, size_t size) {
  uint64_t seen = 0;
  if (size < 8) {
    for (size_t k = 0; k < size; k++) seen |= at[k];
  } else {
    for (size_t k = 0; k + 8 < size; k += 8) seen |= fs_load8(at + k);
    seen |= fs_load8(at + size - 8);
  }
  return (seen & FS_EACH_BYTE(0x80)) == 0;
}

/* Whether the bytes at `at` go on with `count` continuation bytes. */
static inline bool fs_goes_on(const uint8_t *at, size_t left, size_t count) {
  if (left < count) return false;
  for (size_t k = 0; k < count; k++) {
    if ((at[k] & 0xC0) != 0x80) return false;
  }
  return true;
}

/* Bytes of the character at `at`; 0 if it is no character: cut, overlong, a surrogate, or above U+10FFFF. */
static inline size_t fs_utf8_step(const uint8_t *at, size_t left) {
  const uint8_t first = at[0];
  if (first < 0x80) return 1;
  const size_t more = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
  if (first < 0xC2 || first > 0xF4 || !fs_goes_on(at + 1, left - 1, more)) return 0;
  const uint8_t second = at[1];
  if (first == 0xE0 && second < 0xA0) return 0;
  if (first == 0xED && second > 0x9F) return 0;
  if (first == 0xF0 && second < 0x90) return 0;
  if (first == 0xF4 && second > 0x8F) return 0;
  return more + 1;
}

static inline bool fs_is_utf8(const uint8_t *at, size_t size) {
  size_t k = 0;
  while (k < size) {
    if (size - k >= 8 && (fs_load8(at + k) & FS_EACH_BYTE(0x80)) == 0) {
      k += 8;
      continue;
    }
    const size_t step = fs_utf8_step(at + k, size - k);
    if (step == 0) return false;
    k += step;
  }
  return true;
}
