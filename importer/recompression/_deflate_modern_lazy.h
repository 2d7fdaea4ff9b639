/* Go's compress/flate from 1.27 on and klauspost/compress 1.15.12: levels 7 to 9.
 *
 * Follows deflate.go (deflateLazy) of compress/flate of Go 1.27.3, and with full tables that of
 * klauspost/compress 1.15.12. Copyright of the originals: see NOTICE in this folder.
 */
#ifndef BLOBFIX_DEFLATE_MODERN_LAZY_H
#define BLOBFIX_DEFLATE_MODERN_LAZY_H

#include "_deflate_modern_state.h"

enum {
    LAZY_MIN_MATCH = 4,
    LAZY_LOOKAHEAD = LAZY_MIN_MATCH + MAX_MATCH,
    LAZY_BLOCK_TOKENS = 1 << 15,
    LAZY_MAX_HASH_OFFSET = 1 << 28,
    LAZY_NO_BLOCK_START = INT32_MAX,
    LAZY_LONG_CHAIN = 100,
    LAZY_TAIL = 2
};

typedef struct {
    int lazy, nice, chain;
} LazyLevel;

static const LazyLevel LAZY_LEVELS[3] = {{12, 16, 24}, {30, 40, 64}, {258, 258, 1024}};

static const LazyLevel *lazy_level(const Modern *encoder)
{
    return &LAZY_LEVELS[encoder->level - 7];
}

static inline uint32_t lazy_hash(const uint8_t *at)
{
    return load_le32(at) * 2654435761u >> (32 - 17);
}

static inline int32_t lazy_insert(Lazy *lazy, int index)
{
    int32_t *head = &lazy->hash_head[lazy_hash(lazy->window + index)];
    int32_t previous = *head;
    lazy->hash_previous[index & (MAX_OFFSET - 1)] = previous;
    *head = index + lazy->hash_offset;
    return previous;
}

static void lazy_lower_hashes(int32_t *hashes, int count, int32_t delta)
{
    for (int i = 0; i < count; i++) {
        hashes[i] = hashes[i] > delta ? hashes[i] - delta : 0;
    }
}

static void lazy_shift_window(Lazy *lazy)
{
    memmove(lazy->window, lazy->window + MAX_OFFSET, MAX_OFFSET);
    lazy->index -= MAX_OFFSET;
    lazy->window_end -= MAX_OFFSET;
    lazy->block_start = lazy->block_start >= MAX_OFFSET && lazy->block_start != LAZY_NO_BLOCK_START
                            ? lazy->block_start - MAX_OFFSET
                            : LAZY_NO_BLOCK_START;
    lazy->hash_offset += MAX_OFFSET;
    if (lazy->hash_offset > LAZY_MAX_HASH_OFFSET) {
        int32_t delta = lazy->hash_offset - 1;
        lazy->hash_offset -= delta;
        lazy->chain_head -= delta;
        lazy_lower_hashes(lazy->hash_previous, MAX_OFFSET, delta);
        lazy_lower_hashes(lazy->hash_head, 1 << 17, delta);
    }
}

static void lazy_flush_tokens(Modern *encoder)
{
    Lazy *lazy = &encoder->lazy;
    const uint8_t *input = lazy->block_start <= lazy->index ? lazy->window + lazy->block_start : NULL;
    int length = input != NULL ? lazy->index - lazy->block_start : 0;
    lazy->block_start = lazy->index;
    modern_write_dynamic(encoder, input, length);
    modern_reset_tokens(encoder);
}

static void lazy_flush_if_full(Modern *encoder)
{
    if (encoder->token_count == LAZY_BLOCK_TOKENS) {
        lazy_flush_tokens(encoder);
    }
}

static void lazy_literal(Modern *encoder, uint8_t byte)
{
    encoder->tokens[encoder->token_count++] = byte;
    encoder->literal_frequency[byte]++;
    lazy_flush_if_full(encoder);
}

/* What the bytes at a position take as literals, summed up as far as it was asked for. */
typedef struct {
    const uint8_t *bytes;
    int summed;
    int bits[MAX_MATCH + 1];
} Costs;

/* What the bytes would take as literals, less what the match takes beside its two codes. */
static int lazy_gain(const Modern *encoder, Costs *costs, int length, int offset)
{
    int least = encoder->full_tables ? 0 : 1;
    for (; costs->summed < length; costs->summed++) {
        int count = encoder->lazy.literals[costs->bytes[costs->summed]].length;
        costs->bits[costs->summed + 1] = costs->bits[costs->summed] + (count > least ? count : least);
    }
    /* The largest distance runs over in the original's table and counts as code 14. */
    unsigned code = offset == MAX_OFFSET ? 14 : offset_code((uint32_t)offset);
    return costs->bits[length] - OFFSET_EXTRA[code] - (encoder->full_tables ? 6 : 3) -
           LENGTH_EXTRA[length_code_of[(length - 3) & 255]];
}

/* Go's findMatch: walks the chain and keeps the best match in length and offset. */
static void lazy_find_match(Modern *encoder, int candidate, int lookahead)
{
    Lazy *lazy = &encoder->lazy;
    const LazyLevel *level = lazy_level(encoder);
    const uint8_t *window = lazy->window;
    int position = lazy->index;
    int longest = lookahead < MAX_MATCH ? lookahead : MAX_MATCH;
    int nice = level->nice < longest ? level->nice : longest;
    int length = LAZY_MIN_MATCH - 1;
    int lowest = position > MAX_OFFSET ? position - MAX_OFFSET : 0;
    int best_gain = encoder->full_tables ? 0 : 4;
    uint8_t wanted = window[position + length];
    Costs costs;
    costs.bytes = window + position;
    costs.summed = 0;
    costs.bits[0] = 0;
    for (int tries = level->chain; tries > 0 && candidate < position; tries--) {
        if (wanted == window[candidate + length]) {
            int n = equal_bytes(window + candidate, window + position, longest);
            int gain = 0;
            int is_better = n > length;
            if (is_better && level->chain >= LAZY_LONG_CHAIN) {
                /* The extra bits of the distance itself, not of the distance less one, as in the original. */
                gain = lazy_gain(encoder, &costs, n, position - candidate);
                is_better = gain > best_gain;
            }
            if (is_better) {
                best_gain = gain;
                length = n;
                lazy->length = n;
                lazy->offset = position - candidate;
                if (n >= nice) {
                    return;
                }
                wanted = window[position + n];
            }
        }
        if (candidate <= lowest) {
            return;
        }
        candidate = lazy->hash_previous[candidate & (MAX_OFFSET - 1)] - lazy->hash_offset;
        if (candidate < lowest) {
            return;
        }
    }
}

/* Looks for a longer match by the end of this one: klauspost's form. */
static void lazy_try_end(const Lazy *lazy, int *length, int *offset, int lookahead)
{
    int start = lazy->index - 1;
    int lowest = lazy->index > MAX_OFFSET ? lazy->index - MAX_OFFSET : 0;
    if (start + *length + LAZY_TAIL >= lazy->max_insert_index) {
        return;
    }
    int most = lookahead < MAX_MATCH ? lookahead : MAX_MATCH;
    int candidate = lazy->hash_head[lazy_hash(lazy->window + start + *length - LAZY_TAIL)] - lazy->hash_offset -
                    *length + LAZY_TAIL;
    if (candidate <= lowest || candidate >= start) {
        return;
    }
    int found = equal_bytes(lazy->window + start, lazy->window + candidate, most);
    if (found > *length) {
        *length = found;
        *offset = start - candidate;
    }
}

/* Writes literals that a better match leaves out, and enters the strings behind them. */
static void lazy_skip(Modern *encoder, int start, int count)
{
    Lazy *lazy = &encoder->lazy;
    for (int i = 0; i < count; i++) {
        lazy_literal(encoder, lazy->window[start + i]);
        lazy->index++;
        if (lazy->index < lazy->max_insert_index) {
            lazy->chain_head = lazy_insert(lazy, lazy->index);
        }
    }
}

/* Go 1.27's tryBetterMatchAtEnd: the same, with up to two bytes before the match as literals. */
static void lazy_try_later(Modern *encoder, int *length, int *offset, int lookahead)
{
    Lazy *lazy = &encoder->lazy;
    const uint8_t *window = lazy->window;
    int start = lazy->index - 1;
    int lowest = lazy->index > MAX_OFFSET ? lazy->index - MAX_OFFSET : 0;
    if (*length >= MAX_MATCH - LAZY_TAIL || start + *length >= lazy->max_insert_index) {
        return;
    }
    int candidate = lazy->hash_head[lazy_hash(window + start + *length)] - lazy->hash_offset - *length;
    if (start - candidate == *offset || candidate <= lowest + LAZY_TAIL || candidate >= start) {
        return;
    }
    int most = lookahead < MAX_MATCH + LAZY_TAIL ? lookahead : MAX_MATCH + LAZY_TAIL;
    int found = equal_bytes(window + start + LAZY_TAIL, window + candidate + LAZY_TAIL, most - LAZY_TAIL);
    if (found <= *length) {
        return;
    }
    *offset = start - candidate;
    for (int i = LAZY_TAIL - 1; i >= 0; i--) {
        if (found >= MAX_MATCH || window[start + i] != window[candidate + i]) {
            lazy_skip(encoder, start, i + 1);
            break;
        }
        found++;
    }
    *length = found;
}

static void lazy_emit_match(Modern *encoder, int length, int offset, int lookahead)
{
    Lazy *lazy = &encoder->lazy;
    if (encoder->full_tables) {
        lazy_try_end(lazy, &length, &offset, lookahead);
    } else {
        lazy_try_later(encoder, &length, &offset, lookahead);
    }
    modern_add_match(encoder, length, offset);
    int next = lazy->index + length - 1;
    int last = next < lazy->max_insert_index ? next : lazy->max_insert_index;
    for (int i = lazy->index + 1; i < last; i++) {
        lazy_insert(lazy, i);
    }
    lazy->index = next;
    lazy->byte_available = 0;
    lazy->length = LAZY_MIN_MATCH - 1;
    lazy_flush_if_full(encoder);
    lazy->literal_run = 0;
}

/* After many bytes without a match more and more of them are not searched for. */
static void lazy_skip_literals(Modern *encoder)
{
    Lazy *lazy = &encoder->lazy;
    int count = (int)lazy->literal_run - lazy_level(encoder)->chain;
    if (count <= 0) {
        return;
    }
    count = 1 + (count >> 6);
    for (int i = 0; i < count && lazy->index < lazy->window_end - 1; i++) {
        lazy_literal(encoder, lazy->window[lazy->index - 1]);
        if (lazy->index < lazy->max_insert_index) {
            lazy->chain_head = lazy_insert(lazy, lazy->index);
        }
        lazy->index++;
    }
    lazy->byte_available = 0;
    lazy_literal(encoder, lazy->window[lazy->index - 1]);
}

static void lazy_emit_literal(Modern *encoder)
{
    Lazy *lazy = &encoder->lazy;
    if (lazy->length >= LAZY_MIN_MATCH) {
        lazy->literal_run = 0;
    }
    if (!lazy->byte_available) {
        lazy->index++;
        lazy->byte_available = 1;
        return;
    }
    lazy->literal_run++;
    lazy_literal(encoder, lazy->window[lazy->index - 1]);
    lazy->index++;
    lazy_skip_literals(encoder);
}

/* The codes by which level 9 weighs a match against literals; klauspost counts in 16 bits. */
static void lazy_weigh_literals(Modern *encoder)
{
    Lazy *lazy = &encoder->lazy;
    int32_t frequency[256] = {0};
    int end = lazy->window_end;
    if (!encoder->full_tables && end - lazy->index > LAZY_BLOCK_TOKENS) {
        end = lazy->index + LAZY_BLOCK_TOKENS;
    }
    for (int i = lazy->index; i < end; i++) {
        frequency[lazy->window[i]] = (frequency[lazy->window[i]] + 1) & 0xffff;
    }
    generate_codes(lazy->literals, frequency, 256, 15);
}

static void lazy_flush_rest(Modern *encoder)
{
    Lazy *lazy = &encoder->lazy;
    if (lazy->byte_available) {
        uint8_t byte = lazy->window[lazy->index - 1];
        encoder->tokens[encoder->token_count++] = byte;
        encoder->literal_frequency[byte]++;
        lazy->byte_available = 0;
    }
    if (encoder->token_count > 0) {
        lazy_flush_tokens(encoder);
    }
}

/* Go's deflateLazy: compresses the window as far as the lookahead allows, or to its end. */
static void lazy_step(Modern *encoder)
{
    Lazy *lazy = &encoder->lazy;
    if (lazy->window_end - lazy->index < LAZY_LOOKAHEAD && !encoder->syncing) {
        return;
    }
    if (lazy->window_end != lazy->index && lazy_level(encoder)->chain > LAZY_LONG_CHAIN) {
        lazy_weigh_literals(encoder);
    }
    lazy->max_insert_index = lazy->window_end - (LAZY_MIN_MATCH - 1);
    while (!encoder->sink.out_of_memory) {
        int lookahead = lazy->window_end - lazy->index;
        if (lookahead < LAZY_LOOKAHEAD && !encoder->syncing) {
            return;
        }
        if (lookahead == 0) {
            lazy_flush_rest(encoder);
            return;
        }
        if (lazy->index < lazy->max_insert_index) {
            lazy->chain_head = lazy_insert(lazy, lazy->index);
        }
        int length = lazy->length;
        int offset = lazy->offset;
        int lowest = lazy->index > MAX_OFFSET ? lazy->index - MAX_OFFSET : 0;
        int candidate = lazy->chain_head - lazy->hash_offset;
        lazy->length = LAZY_MIN_MATCH - 1;
        lazy->offset = 0;
        if (candidate >= lowest && lookahead > length && length < lazy_level(encoder)->lazy) {
            lazy_find_match(encoder, candidate, lookahead);
        }
        if (length >= LAZY_MIN_MATCH && lazy->length <= length) {
            lazy_emit_match(encoder, length, offset, lookahead);
        } else {
            lazy_emit_literal(encoder);
        }
    }
}

static void lazy_start(Lazy *lazy)
{
    memset(lazy, 0, sizeof *lazy);
    lazy->hash_offset = 1;
    lazy->length = LAZY_MIN_MATCH - 1;
    lazy->chain_head = -1;
}

/* Go's reset and fillWindow. */
static void lazy_reset(Modern *encoder, const uint8_t *dictionary, int length)
{
    Lazy *lazy = &encoder->lazy;
    lazy_start(lazy);
    if (length != 0) {
        memcpy(lazy->window, dictionary, (size_t)length);
    }
    for (int i = 0; i + LAZY_MIN_MATCH <= length; i++) {
        lazy_insert(lazy, i);
    }
    lazy->window_end = length;
    lazy->index = length;
    lazy->block_start = encoder->full_tables ? 0 : length;
}

/* Copies as much as fits into the window; returns how much that was. */
static size_t lazy_fill(Lazy *lazy, const uint8_t *input, size_t length)
{
    if (lazy->index >= 2 * MAX_OFFSET - LAZY_LOOKAHEAD) {
        lazy_shift_window(lazy);
    }
    size_t room = (size_t)(2 * MAX_OFFSET - lazy->window_end);
    size_t count = length < room ? length : room;
    memcpy(lazy->window + lazy->window_end, input, count);
    lazy->window_end += (int)count;
    return count;
}

#endif
