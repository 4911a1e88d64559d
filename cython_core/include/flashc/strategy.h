/* What a compiled strategy offers: one table, reached through the object's only symbol, `flash_strategy_v1`.
 *
 * The caller owns all memory and gives it with every call; the object has no globals that change, allocates nothing and
 * calls nothing but memcpy, memmove and memset. Records, `out`, `rows` and `io` are words as in layout.h.
 *
 * A backtest calls `init`, then `events` for stretches of records and `report` for what happens to orders. A live
 * process calls for each record `event`, then `risk`; it sends what `out` holds, and then calls `after` for the work
 * that no intent of this instant needed. Both ways leave the same words: `events` is made of the same functions.
 */
#ifndef FLASHC_STRATEGY_H
#define FLASHC_STRATEGY_H

#include <flashc/ops.h>

#define FS_ABI 1u

/* What `init`, `event`, `risk`, `after`, `save` and `load` return. */
enum {
  FS_OK = 0,
  FS_FLOATING_POINT = 1, /* the processor rounds otherwise, flushes subnormals or traps: results would differ */
  FS_BAD_EVENT = 2,      /* the record is of no kind or stream that the strategy knows; nothing was changed */
  FS_BAD_SNAPSHOT = 3,   /* not a snapshot, damaged, or of another format; nothing was changed */
  FS_CARRIED = 4,        /* another layout: every value of the market was found in the snapshot and carried */
  FS_RESTARTED = 5       /* another layout: the account was carried, values of the market start to warm up anew */
};

/* Processor levels an object may be compiled for. */
enum { FS_LEVEL_ANY = 0, FS_LEVEL_X86_64_V3 = 3, FS_LEVEL_ARMV8 = 8 };

#if defined(__x86_64__) && defined(__AVX2__) && defined(__BMI2__) && defined(__FMA__)
#define FS_LEVEL FS_LEVEL_X86_64_V3
#elif defined(__aarch64__)
#define FS_LEVEL FS_LEVEL_ARMV8
#else
#define FS_LEVEL FS_LEVEL_ANY
#endif

/* The groups of slots: derived from parameters by `init`; what the market showed; the account with its orders. */
enum { FS_DERIVED = 0, FS_MARKET = 1, FS_ACCOUNT = 2 };

typedef struct {
  uint32_t id;    /* hash of the slot's path and type: survives edits elsewhere in the file */
  uint32_t words; /* 8-byte words */
  uint32_t floats, group;
  uint64_t offset; /* first word in the state */
} fs_slot;

/* A stream that the strategy reads. `depth`: levels of a book on each side; `optional`: it runs without it. */
typedef struct {
  uint32_t kind, instrument, depth, optional; /* kind: FS_KIND_BAR, _LEVEL (a book), _TRADE, _TIMER */
  int64_t period_ns;
  uint32_t price_decimals, qty_decimals;
} fs_need;

typedef struct fs_strategy {
  uint32_t abi, size; /* FS_ABI; sizeof(fs_strategy) */
  uint32_t level, edition;
  uint8_t ir[32], build[32], layout[32]; /* hashes: meaning; text, headers, flags and compiler; slots */
  uint32_t state_words, frame_bytes, params, max_intents;
  uint32_t instances, clauses, traces, n_needs, n_slots;
  uint32_t work;           /* most FIR operations that one event can take */
  uint64_t snapshot_bytes; /* what `save` writes */
  const fs_need *needs;
  const fs_slot *slots;

  /* `same` is the state block again, for callers that see it as doubles; it is not read. */
  int64_t (*init)(const int64_t *params, const double *float_params, fs_word *st, fs_word *same);
  int64_t (*events)(const int64_t *rec, int64_t n, fs_word *st, fs_word *same, int64_t *out, int64_t *rows, int64_t *io);
  int64_t (*report)(const int64_t *rec, fs_word *st, fs_word *same, int64_t *out, int64_t *io);

  /* One record: `frame` is `frame_bytes` of the caller's memory that `event` begins and `after` ends. */
  int64_t (*event)(const int64_t *rec, fs_word *st, void *frame, int64_t *out, int64_t *io);
  int64_t (*risk)(const int64_t *rec, fs_word *st, void *frame, int64_t *out, int64_t *io);
  int64_t (*after)(const int64_t *rec, fs_word *st, void *frame, int64_t *out, int64_t *rows, int64_t *io);

  int64_t (*save)(const fs_word *st, void *snapshot);
  int64_t (*load)(fs_word *st, const void *snapshot, int64_t bytes); /* after `init`; another layout is told by ids */
} fs_strategy;

/* The hash of text, headers, flags and compiler, as `{0x12, 0x34, ...}`; the one who calls the compiler knows it. */
#ifndef FS_BUILD_HASH
#define FS_BUILD_HASH {0}
#endif

/* Whether the processor computes as IEEE 754 says: nearest-even, subnormals kept, no traps. */
static inline bool fs_floating_point(void) {
#if defined(__x86_64__)
  return (__builtin_ia32_stmxcsr() & ~0x3fu) == 0x1f80u; /* all but the sticky flags */
#elif defined(__aarch64__)
  uint64_t control;
  __asm__ volatile("mrs %0, fpcr" : "=r"(control));
  return control == 0;
#else
  return true;
#endif
}

/* The words at an address that stands in a word. */
static inline int64_t *fs_words(int64_t address) { return (int64_t *)(uintptr_t)address; }

_Static_assert(sizeof(fs_word) == 8 && sizeof(double) == 8 && sizeof(void *) == 8, "words are 64 bits");
_Static_assert(__FLT_EVAL_METHOD__ == 0, "doubles are computed as doubles");

#endif
