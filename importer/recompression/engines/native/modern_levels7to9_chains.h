/* Go's compress/flate from 1.27 on and klauspost/compress 1.15.12, levels 7 to 9: matches found by chains of
 * equal hashes.
 *
 * Follows deflate.go of compress/flate of Go 1.27.3, and with full tables that of klauspost/compress 1.15.12.
 * Copyright of the originals: see ../NOTICE.
 */
#ifndef BLOBFIX_MODERN_LEVELS7TO9_CHAINS_H
#define BLOBFIX_MODERN_LEVELS7TO9_CHAINS_H

#include "modern_state.h"

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

#endif
