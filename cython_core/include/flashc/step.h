/* What every generated strategy does with records and outcomes. Included where `fs_frame` is not yet known: hence macros. */
#ifndef FLASHC_STEP_H
#define FLASHC_STEP_H

#include <flashc/layout.h>
#include <flashc/snapshot.h>

/* The parameters of a part of a segment, their arguments, and that a part may use none of them. */
#define FS_STEP \
  fs_frame *restrict f, fs_word *restrict st, const int64_t *restrict rec, int64_t *restrict out, const int64_t *restrict io
#define FS_GIVEN f, st, rec, out, io
#define FS_UNUSED (void)f, (void)st, (void)rec, (void)out, (void)io

/* Begin a call: no wishes yet. */
#define fs_open(f, io) ((f)->count = 0, (f)->wake = FS_NEVER, (f)->traced = fs_words((io)[FS_IO_TRACE]))

/* What the caller acts on. */
#define fs_wishes(f, out) ((out)[FS_OUT_INTENTS] = (f)->count, (out)[FS_OUT_WAKE] = (f)->wake)

/* End a call that may have decided: rows are written from `rows` to `row`. */
#define fs_close(f, out, rows, row, io) \
  (fs_wishes(f, out), fs_last_row(out, rows, row), (io)[FS_IO_TRACE] = (int64_t)(intptr_t)(f)->traced)

static inline void fs_last_row(int64_t *out, const int64_t *rows, const int64_t *row) {
  out[FS_OUT_DECIDED] = (row - rows) / FS_DECISION_WORDS;
  out[FS_OUT_REASON] = row == rows ? 0 : row[-2];
  out[FS_OUT_MASK] = row == rows ? 0 : row[-1];
}

static inline int64_t *fs_row(int64_t *row, int64_t time, int64_t reason, int64_t mask) {
  row[0] = time;
  row[1] = reason;
  row[2] = mask;
  return row + FS_DECISION_WORDS;
}

static inline int64_t fs_kind(const int64_t *rec) { return rec[FS_HEAD] & 0xff; }

static inline int64_t fs_stream(const int64_t *rec) { return rec[FS_HEAD] >> FS_STREAM_SHIFT & 0xffff; }

static inline bool fs_has_flag(const int64_t *rec, int64_t flag) { return (rec[FS_HEAD] >> FS_FLAG_SHIFT & flag) != 0; }

static inline bool fs_ends_instant(const int64_t *rec) { return fs_has_flag(rec, FS_FLAG_INSTANT_END); }

static inline bool fs_ends_message(const int64_t *rec) { return fs_has_flag(rec, FS_FLAG_MESSAGE_END); }

static inline bool fs_is_wake(const int64_t *rec) { return fs_kind(rec) == FS_KIND_WAKE; }

/* Whether a record is a wake, or of a stream that the strategy reads and of that stream's kind. */
static inline bool fs_is_known(const int64_t *rec, const fs_need *needs, int64_t count) {
  const int64_t stream = fs_stream(rec), kind = fs_kind(rec);
  if (kind == FS_KIND_WAKE) return true;
  return stream < count && (needs[stream].kind == (kind == FS_KIND_RESET ? FS_KIND_LEVEL : kind));
}

#endif
