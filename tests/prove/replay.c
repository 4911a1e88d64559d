/* Replays records from a file of 64-bit words through compiled strategies, and prints a digest after each event.
 *
 * It stands after the text of the strategies and the table `entries`, in one translation unit, so that sanitizers see
 * everything. All memory has exactly the size that a strategy is told of: a word too far is found.
 *
 * The file: programs; of each: its number, parameters (count, words), books (count; stream, words, block), events
 * (count; 1 for a report else 0, record). Digests go to standard output, one hexadecimal number a line.
 */
#include <stdio.h>
#include <stdlib.h>

/* Words that the state is too short by: tests show that a sanitizer notices. */
#ifndef SHORT_BY
#define SHORT_BY 0
#endif

static FILE *input;

static int64_t next_word(void) {
  int64_t word = 0;
  if (fread(&word, sizeof word, 1, input) != 1) exit(3);
  return word;
}

static int64_t *fresh_words(int64_t count) {
  int64_t *words = malloc((size_t)count * sizeof(int64_t) + (count == 0));
  if (words == NULL) exit(4);
  memset(words, 0xff, (size_t)count * sizeof(int64_t));
  return words;
}

static int64_t *read_words(int64_t count) {
  int64_t *words = fresh_words(count);
  for (int64_t k = 0; k < count; k++) words[k] = next_word();
  return words;
}

static uint64_t digest;

static void mix(int64_t word) { digest = (digest ^ (uint64_t)word) * UINT64_C(1099511628211); }

static void mix_all(const int64_t *words, int64_t count) {
  for (int64_t k = 0; k < count; k++) mix(words[k]);
}

/* The state, with one pattern for every NaN. */
static void mix_state(const fs_strategy *s, const fs_word *st) {
  int64_t *words = fresh_words(s->state_words);
  memcpy(words, st, s->state_words * sizeof(int64_t));
  for (uint32_t k = 0; k < s->n_slots; k++)
    for (uint64_t at = s->slots[k].offset; s->slots[k].floats && at < s->slots[k].offset + s->slots[k].words; at++)
      if (st[at].f != st[at].f) words[at] = INT64_C(0x7ff8000000000000);
  mix_all(words, s->state_words);
  free(words);
}

static void show(void) { printf("%016llx\n", (unsigned long long)digest); }

static void mix_intents(const int64_t *out) {
  mix(out[FS_OUT_INTENTS]);
  mix_all(out + FS_OUT_FIRST_INTENT, out[FS_OUT_INTENTS] * FS_INTENT_WORDS);
  mix(out[FS_OUT_WAKE]);
}

static void follow(int64_t *const *books, const int64_t *rec) {
  int64_t *book = books[rec[FS_HEAD] >> FS_STREAM_SHIFT & 0xffff];
  const int64_t kind = rec[FS_HEAD] & 0xff;
  if (book != NULL && kind == FS_KIND_RESET) fs_book_clear(book);
  if (book != NULL && kind == FS_KIND_LEVEL) fs_book_set(book, rec[FS_SIDE], rec[FS_PRICE], rec[FS_QTY]);
}

/* One record: through `events`, or as a live process does. */
static void event(const fs_strategy *s, bool live, const int64_t *rec, fs_word *st, void *frame, int64_t *io) {
  int64_t *out = fresh_words(FS_OUT_WORDS), *rows = fresh_words(s->instances * FS_DECISION_WORDS);
  int64_t *traces = fresh_words((int64_t)s->instances * s->traces);
  io[FS_IO_TRACE] = (int64_t)(intptr_t)traces;
  if (live) {
    if (s->event(rec, st, frame, out, io) + s->risk(rec, st, frame, out, io) + s->after(rec, st, frame, out, rows, io)) exit(5);
  } else if (s->events(rec, 1, st, st, out, rows, io) != 1) {
    exit(6);
  }
  mix(out[FS_OUT_DECIDED]);
  mix_all(rows, out[FS_OUT_DECIDED] * FS_DECISION_WORDS);
  mix_intents(out);
  mix_all(traces, out[FS_OUT_DECIDED] * s->traces);
  free(out), free(rows), free(traces);
}

static void report(const fs_strategy *s, const int64_t *rec, fs_word *st, int64_t *io) {
  int64_t *out = fresh_words(FS_OUT_WORDS);
  s->report(rec, st, st, out, io);
  mix_intents(out);
  free(out);
}

/* Through a snapshot into other memory. */
static fs_word *restarted(const fs_strategy *s, fs_word *st) {
  void *snapshot = fresh_words((int64_t)s->snapshot_bytes / 8);
  fs_word *other = (fs_word *)fresh_words(s->state_words);
  if (s->save(st, snapshot) || s->load(other, snapshot, (int64_t)s->snapshot_bytes)) exit(7);
  free(snapshot), free(st);
  return other;
}

static void replay(const fs_strategy *s, bool live) {
  int64_t *params = read_words(next_word()), *blocks[65536] = {0}, *io = fresh_words(FS_IO_WORDS);
  double *floats = (double *)fresh_words(s->params);
  fs_word *st = (fs_word *)fresh_words(s->state_words - SHORT_BY);
  void *frame = fresh_words((s->frame_bytes + 7) / 8);
  memcpy(floats, params, s->params * sizeof(double));
  for (int64_t books = next_word(); books > 0; books--) {
    const int64_t stream = next_word();
    blocks[stream] = read_words(next_word());
    io[FS_IO_FIRST_BOOK + stream] = (int64_t)(intptr_t)blocks[stream];
  }
  if (s->init(params, floats, st, st) != FS_OK) exit(8);
  mix_state(s, st);
  show();
  for (int64_t left = next_word(); left > 0; left--) {
    const int64_t is_report = next_word();
    int64_t *rec = read_words(FS_WORDS_PER_RECORD);
    if (is_report) report(s, rec, st, io);
    else follow(blocks, rec), event(s, live, rec, st, frame, io);
    mix_state(s, st);
    show();
    if (live && left % 7 == 0) st = restarted(s, st);
    free(rec);
  }
  for (int64_t k = 0; k < 65536; k++) free(blocks[k]);
  free(params), free(floats), free(st), free(frame), free(io);
}

int main(int count, char **words) {
  if (count != 2 || (input = fopen(words[1], "rb")) == NULL) return 2;
  for (int64_t programs = next_word(); programs > 0; programs--) {
    const int64_t number = next_word();
    digest = UINT64_C(14695981039346656037);
    replay(entries[number](), number % 2 != 0);
  }
  fclose(input);
  return 0;
}
