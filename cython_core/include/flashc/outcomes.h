/* What a decision leaves behind: intents in the out block, values in a trace row. */
#pragma once

#include <stddef.h>

#include "layout.h"
#include "ops.h"

/* Appends an intent; the new count. Intents beyond FS_MAX_INTENTS are dropped. */
static inline int64_t fs_emit(int64_t *out, int64_t count, int64_t side, int64_t style, int64_t qty, int64_t price,
                              int64_t ttl, int64_t rule, int64_t tag, int64_t instance) {
  if (count >= FS_MAX_INTENTS) return count;
  int64_t *intent = out + FS_OUT_FIRST_INTENT + count * FS_INTENT_WORDS;
  intent[FS_I_SIDE] = side;
  intent[FS_I_STYLE] = style;
  intent[FS_I_QTY] = qty;
  intent[FS_I_PRICE] = price;
  intent[FS_I_TTL] = ttl;
  intent[FS_I_RULE] = rule;
  intent[FS_I_TAG] = tag;
  intent[FS_I_INSTRUMENT] = instance;
  return count + 1;
}

/* Appends a wish to cancel the order with a tag; `expired` is 1 if its time to live ended. The new count. */
static inline int64_t fs_cancel(int64_t *out, int64_t count, int64_t tag, int64_t expired, int64_t instance) {
  return fs_emit(out, count, 0, FS_STYLE_CANCEL, 0, 0, 0, expired, tag, instance);
}

/* Writes value number k of a trace row; without a row nobody traces. */
static inline void fs_trace(int64_t *row, int64_t k, int64_t x) {
  if (row != NULL) row[k] = x;
}
