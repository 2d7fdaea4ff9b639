/* Go's compress/flate from 1.27 on and klauspost/compress from 1.15.10 on: the search for matches at levels
 * 1 and 2.
 *
 * Follows compress/flate of Go 1.27.3: level1.go and level2.go. Copyright of the originals: see ../NOTICE.
 */
#ifndef BLOBFIX_MODERN_LEVELS1AND2_H
#define BLOBFIX_MODERN_LEVELS1AND2_H

#include "modern_state.h"

/* --- Level 1 (level1.go) ----------------------------------------------------------------------------------------- */

static void modern_encode1(Modern *encoder, int start)
{
    const uint8_t *history = encoder->history;
    int32_t *table = encoder->table;
    int32_t current = encoder->current;
    int limit = encoder->history_end - MODERN_INPUT_MARGIN;
    int emitted = start;
    int at = start;
    uint64_t value = load_le64(history + at);
    for (;;) {
        int next;
        int candidate;
        for (;;) {
            uint32_t hash = hash5(value, MODERN_TABLE_BITS);
            next = at + 2 + ((at - emitted) >> 5);
            if (next > limit) {
                modern_add_rest(encoder, emitted);
                return;
            }
            candidate = table[hash] - current;
            table[hash] = at + current;
            uint64_t following = load_le64(history + next);
            hash = hash5(following, MODERN_TABLE_BITS);
            if (is_match(encoder, at, candidate, (uint32_t)value)) {
                table[hash] = next + current;
                break;
            }
            value = following;
            at = next++;
            candidate = table[hash] - current;
            table[hash] = at + current;
            if (is_match(encoder, at, candidate, (uint32_t)value)) {
                table[hash] = next + current;
                break;
            }
            value = following >> 8;
            at = next;
        }
        for (;;) {
            Match match = {at, candidate, 4 + match_length(encoder, at + 4, candidate + 4)};
            extend_backwards(encoder, &match, emitted);
            modern_add_literals(encoder, emitted, match.at);
            modern_add_match(encoder, match.length, match.at - match.candidate);
            at = emitted = match.at + match.length;
            if (next >= at) {
                at = next + 1;
            }
            if (at >= limit) {
                if (at + match.length + 8 < encoder->history_end) {
                    table[hash5(load_le64(history + at), MODERN_TABLE_BITS)] = at + current;
                }
                modern_add_rest(encoder, emitted);
                return;
            }
            uint64_t before = load_le64(history + at - 2);
            table[hash5(before, MODERN_TABLE_BITS)] = current + at - 2;
            before >>= 16;
            uint32_t hash = hash5(before, MODERN_TABLE_BITS);
            candidate = table[hash] - current;
            table[hash] = current + at;
            /* One byte further back than elsewhere, as in the original. */
            if (candidate < 0 || at - candidate > MAX_OFFSET || load_le32(history + candidate) != (uint32_t)before) {
                value = before >> 8;
                at++;
                break;
            }
        }
    }
}

/* --- What levels 1 to 4 share ----------------------------------------------------------------------------------------- */

/* Measures a match, grows it backwards and writes it with the literals before it. Returns its end. */
static inline int emit_match(Modern *encoder, Match *match, int emitted)
{
    match->length = 4 + match_length(encoder, match->at + 4, match->candidate + 4);
    extend_backwards(encoder, match, emitted);
    modern_add_literals(encoder, emitted, match->at);
    modern_add_match(encoder, match->length, match->at - match->candidate);
    return match->at + match->length;
}

/* --- Level 2 (level2.go) --------------------------------------------------------------------------------------------- */

enum { LEVEL2_BITS = 17 };

/* Looks for the next match from `*at` on. Returns 0 at the end of the block; `*next` is where the search
 * would have gone on. */
static inline int search2(Modern *encoder, int *candidate, int *at, int *next, uint64_t value, int emitted, int limit)
{
    const uint8_t *history = encoder->history;
    int32_t *table = encoder->table;
    int32_t current = encoder->current;
    *next = *at;
    for (;;) {
        uint32_t hash = hash5(value, LEVEL2_BITS);
        *at = *next;
        *next = *at + 2 + ((*at - emitted) >> 5);
        if (*next > limit) {
            return 0;
        }
        *candidate = table[hash] - current;
        uint64_t following = load_le64(history + *next);
        table[hash] = *at + current;
        hash = hash5(following, LEVEL2_BITS);
        if (is_match(encoder, *at, *candidate, (uint32_t)value)) {
            table[hash] = *next + current;
            return 1;
        }
        value = following;
        *at = (*next)++;
        *candidate = table[hash] - current;
        table[hash] = *at + current;
        if (is_match(encoder, *at, *candidate, (uint32_t)value)) {
            return 1;
        }
        value = following >> 8;
    }
}

/* Enters strings of the match that ended at `end`, and the two before `end`. */
static inline void index_match2(Modern *encoder, int from, int end)
{
    for (int i = from; i < end - 5; i += 7) {
        uint64_t value = load_le64(encoder->history + i);
        encoder->table[hash5(value, LEVEL2_BITS)] = encoder->current + i;
        encoder->table[hash5(value >> 16, LEVEL2_BITS)] = encoder->current + i + 2;
        encoder->table[hash5(value >> 32, LEVEL2_BITS)] = encoder->current + i + 4;
    }
    uint64_t value = load_le64(encoder->history + end - 2);
    encoder->table[hash5(value, LEVEL2_BITS)] = encoder->current + end - 2;
    encoder->table[hash5(value >> 8, LEVEL2_BITS)] = encoder->current + end - 1;
}

static void modern_encode2(Modern *encoder, int start)
{
    const uint8_t *history = encoder->history;
    int32_t current = encoder->current;
    int limit = encoder->history_end - MODERN_INPUT_MARGIN;
    int emitted = start;
    int at = start;
    int candidate, next;
    while (search2(encoder, &candidate, &at, &next, load_le64(history + at), emitted, limit)) {
        int found = 1;
        while (found) {
            Match match = {at, candidate, 0};
            at = emitted = emit_match(encoder, &match, emitted);
            if (next >= at) {
                at = next + 1;
            }
            if (at >= limit) {
                if (at + match.length + 8 < encoder->history_end) {
                    encoder->table[hash5(load_le64(history + at), LEVEL2_BITS)] = at + current;
                }
                modern_add_rest(encoder, emitted);
                return;
            }
            index_match2(encoder, at - match.length + 2, at);
            uint64_t value = load_le64(history + at);
            uint32_t hash = hash5(value, LEVEL2_BITS);
            candidate = encoder->table[hash] - current;
            encoder->table[hash] = at + current;
            /* One byte further back than elsewhere, as in the original. */
            found = candidate >= 0 && at - candidate <= MAX_OFFSET &&
                    load_le32(history + candidate) == (uint32_t)value;
        }
        at++;
    }
    modern_add_rest(encoder, emitted);
}

#endif
