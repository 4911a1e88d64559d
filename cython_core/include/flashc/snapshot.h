/* Saving the state of a strategy and taking it up again, also by a strategy with other slots.
 *
 * A snapshot is words: magic; ABI and number of slots; layout hash (4 words); state words; check sum of all other
 * words; then two words for each slot (id and length; type and group), then the state. A slot is found again by id,
 * type and length. Values of the market are carried all or none: their warm-up is counted together, so a new average
 * among old ones would pass as warm.
 */
#ifndef FLASHC_SNAPSHOT_H
#define FLASHC_SNAPSHOT_H

#include <flashc/strategy.h>
#include <string.h>

#define FS_SNAPSHOT_MAGIC UINT64_C(0x313070616e737366) /* "fssnap01" */
#define FS_SNAPSHOT_HEADER 8u

#define FS_SNAPSHOT_BYTES(slots, words) (8u * (FS_SNAPSHOT_HEADER + 2u * (slots) + (words)))

/* FNV-1a over 64-bit words, gone on with from `sum`. */
static inline uint64_t fs_fnv(uint64_t sum, const uint64_t *words, uint64_t count) {
  for (uint64_t k = 0; k < count; k++) sum = (sum ^ words[k]) * UINT64_C(1099511628211);
  return sum;
}

/* Of a whole snapshot: all words but the sum's own. */
static inline uint64_t fs_check_sum(const uint64_t *w, uint64_t slots, uint64_t words) {
  const uint64_t head = fs_fnv(UINT64_C(14695981039346656037), w, FS_SNAPSHOT_HEADER - 1);
  return fs_fnv(head, w + FS_SNAPSHOT_HEADER, 2 * slots + words);
}

static inline uint64_t fs_slot_word(const fs_slot *slot, bool second) {
  if (second) return (uint64_t)slot->floats | (uint64_t)slot->group << 32;
  return (uint64_t)slot->id | (uint64_t)slot->words << 32;
}

static inline int64_t fs_save(const fs_strategy *s, const fs_word *st, void *snapshot) {
  uint64_t *w = (uint64_t *)snapshot, *body = w + FS_SNAPSHOT_HEADER;
  for (uint32_t k = 0; k < s->n_slots; k++) {
    body[2 * k] = fs_slot_word(&s->slots[k], false);
    body[2 * k + 1] = fs_slot_word(&s->slots[k], true);
  }
  memcpy(body + 2 * s->n_slots, st, 8u * (size_t)s->state_words);
  w[0] = FS_SNAPSHOT_MAGIC;
  w[1] = (uint64_t)s->abi | (uint64_t)s->n_slots << 32;
  memcpy(w + 2, s->layout, sizeof s->layout);
  w[6] = s->state_words;
  w[7] = fs_check_sum(w, s->n_slots, s->state_words);
  return FS_OK;
}

static inline bool fs_same_hash(const uint64_t *a, const uint8_t *b) {
  uint64_t words[4];
  memcpy(words, b, sizeof words);
  return a[0] == words[0] && a[1] == words[1] && a[2] == words[2] && a[3] == words[3];
}

/* Whether the bytes are a whole snapshot of this ABI whose slots fill its state. */
static inline bool fs_is_snapshot(const uint64_t *w, int64_t bytes) {
  if (bytes < (int64_t)(8 * FS_SNAPSHOT_HEADER) || w[0] != FS_SNAPSHOT_MAGIC || (w[1] & 0xffffffffu) != FS_ABI) return false;
  uint64_t slots = w[1] >> 32, words = w[6], total = 0;
  if (words > UINT32_MAX || (uint64_t)bytes != FS_SNAPSHOT_BYTES(slots, words)) return false;
  for (uint64_t k = 0; k < slots; k++) total += w[FS_SNAPSHOT_HEADER + 2 * k] >> 32;
  return total <= words && w[7] == fs_check_sum(w, slots, words);
}

/* First word of the snapshot's slot that is `slot`, or NULL. */
static inline const uint64_t *fs_find_slot(const uint64_t *w, const fs_slot *slot) {
  uint64_t slots = w[1] >> 32, at = FS_SNAPSHOT_HEADER + 2 * slots;
  for (uint64_t k = 0; k < slots; k++) {
    const uint64_t *row = w + FS_SNAPSHOT_HEADER + 2 * k;
    if (row[0] == fs_slot_word(slot, false) && row[1] == fs_slot_word(slot, true)) return w + at;
    at += row[0] >> 32;
  }
  return NULL;
}

static inline int64_t fs_load(const fs_strategy *s, fs_word *st, const void *snapshot, int64_t bytes) {
  const uint64_t *w = (const uint64_t *)snapshot;
  if (!fs_is_snapshot(w, bytes)) return FS_BAD_SNAPSHOT;
  if (fs_same_hash(w + 2, s->layout) && w[6] == s->state_words) {
    memcpy(st, w + FS_SNAPSHOT_HEADER + 2 * s->n_slots, 8u * (size_t)s->state_words);
    return FS_OK;
  }
  bool whole = true;
  for (uint32_t k = 0; k < s->n_slots; k++)
    if (s->slots[k].group == FS_MARKET && fs_find_slot(w, &s->slots[k]) == NULL) whole = false;
  for (uint32_t k = 0; k < s->n_slots; k++) {
    const fs_slot *slot = &s->slots[k];
    const uint64_t *from = fs_find_slot(w, slot);
    if (from != NULL && (slot->group == FS_ACCOUNT || (slot->group == FS_MARKET && whole)))
      memcpy(st + slot->offset, from, 8u * (size_t)slot->words);
  }
  return whole ? FS_CARRIED : FS_RESTARTED;
}

#endif
