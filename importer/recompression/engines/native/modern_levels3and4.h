/* Go's compress/flate from 1.27 on and klauspost/compress from 1.15.10 on: the search for matches at levels
 * 3 and 4.
 *
 * Follows compress/flate of Go 1.27.3: level3.go and level4.go. Level 4 of klauspost/compress
 * 1.15.12 differs in one comparison. Copyright of the originals: see ../NOTICE.
 */
#ifndef BLOBFIX_MODERN_LEVELS3AND4_H
#define BLOBFIX_MODERN_LEVELS3AND4_H

#include "modern_levels1and2.h"

/* --- Level 3 (level3.go) --------------------------------------------------------------------------------------------- */

enum { LEVEL3_BITS = 16, LEVEL3_REACH = MAX_OFFSET - 4 };

static inline void push3(Modern *encoder, uint64_t value, int at)
{
    push_candidate(&encoder->long_table[hash5(value, LEVEL3_BITS)], at + encoder->current);
}

/* Of two candidates the one to take, or -1. */
static inline int choose3(const Modern *encoder, Candidates seen, int at, uint32_t value)
{
    const uint8_t *history = encoder->history;
    int lowest = at - LEVEL3_REACH;
    int candidate = seen.current - encoder->current;
    int other = seen.previous - encoder->current;
    if (candidate < lowest || candidate < 0) {
        return -1;
    }
    if (load_le32(history + candidate) != value) {
        return other > lowest && other >= 0 && load_le32(history + other) == value ? other : -1;
    }
    if (other < lowest || other < 0 || load_le32(history + other) != value) {
        return candidate;
    }
    int length = match_length(encoder, at + 4, candidate + 4);
    return match_length(encoder, at + 4, other + 4) > length ? other : candidate;
}

/* The same right behind a match, where the first that fits is taken. */
static inline int choose_next3(const Modern *encoder, Candidates seen, int at, uint32_t value)
{
    const uint8_t *history = encoder->history;
    int lowest = at - LEVEL3_REACH;
    int candidate = seen.current - encoder->current;
    int other = seen.previous - encoder->current;
    if (candidate <= lowest || candidate < 0) {
        return -1;
    }
    if (load_le32(history + candidate) == value) {
        return candidate;
    }
    return other > lowest && other >= 0 && load_le32(history + other) == value ? other : -1;
}

static inline int search3(Modern *encoder, int *candidate, int *at, int *next, int emitted, int limit)
{
    *next = *at;
    for (;;) {
        *at = *next;
        *next = *at + 1 + ((*at - emitted) >> 7);
        if (*next > limit) {
            return 0;
        }
        uint64_t value = load_le64(encoder->history + *at);
        Candidates seen = encoder->long_table[hash5(value, LEVEL3_BITS)];
        push3(encoder, value, *at);
        *candidate = choose3(encoder, seen, *at, (uint32_t)value);
        if (*candidate >= 0) {
            return 1;
        }
    }
}

static void modern_encode3(Modern *encoder, int start)
{
    const uint8_t *history = encoder->history;
    int limit = encoder->history_end - MODERN_INPUT_MARGIN;
    int emitted = start;
    int at = start;
    int candidate, next;
    while (search3(encoder, &candidate, &at, &next, emitted, limit)) {
        while (candidate >= 0) {
            Match match = {at, candidate, 0};
            at = emitted = emit_match(encoder, &match, emitted);
            if (next >= at) {
                at = next + 1;
            }
            if (at >= limit) {
                int end = match.candidate + match.length;
                if (end + 8 < encoder->history_end && end > 0) {
                    push3(encoder, load_le64(history + end), end);
                }
                modern_add_rest(encoder, emitted);
                return;
            }
            for (int i = at - match.length + 2; i < at - 5; i += 6) {
                push3(encoder, load_le64(history + i), i);
            }
            push3(encoder, load_le64(history + at - 2), at - 2);
            push3(encoder, load_le64(history + at - 1), at - 1);
            uint64_t value = load_le64(history + at);
            Candidates seen = encoder->long_table[hash5(value, LEVEL3_BITS)];
            push3(encoder, value, at);
            candidate = choose_next3(encoder, seen, at, (uint32_t)value);
        }
        at++;
    }
    modern_add_rest(encoder, emitted);
}

/* --- Level 4 (level4.go) --------------------------------------------------------------------------------------------- */

static inline void enter4(Modern *encoder, uint64_t value, int at)
{
    encoder->table[hash4(value)] = at + encoder->current;
    encoder->long_table[hash7(value)].current = at + encoder->current;
}

/* Whether the long candidate at `next` beats a short match at `at`. Go 1.27 compares with the bytes at the
 * distance instead of those at the candidate. */
static inline int is_better4(const Modern *encoder, int at, int candidate, int next, int other)
{
    int compared = encoder->full_tables ? other : next - other;
    return match_length(encoder, next + 4, compared + 4) > match_length(encoder, at + 4, candidate + 4);
}

static inline int search4(Modern *encoder, Match *match, int *next, int at, int emitted, int limit)
{
    *next = at;
    for (;;) {
        at = *next;
        *next = at + 1 + ((at - emitted) >> 6);
        if (*next > limit) {
            return 0;
        }
        uint64_t value = load_le64(encoder->history + at);
        int short_candidate = encoder->table[hash4(value)] - encoder->current;
        int long_candidate = encoder->long_table[hash7(value)].current - encoder->current;
        enter4(encoder, value, at);
        if (is_match(encoder, at, long_candidate, (uint32_t)value)) {
            *match = (Match){at, long_candidate, 0};
            return 1;
        }
        if (is_match(encoder, at, short_candidate, (uint32_t)value)) {
            uint64_t following = load_le64(encoder->history + *next);
            int other = encoder->long_table[hash7(following)].current - encoder->current;
            *match = (Match){at, short_candidate, 0};
            if (is_match(encoder, *next, other, (uint32_t)following) &&
                is_better4(encoder, at, short_candidate, *next, other)) {
                *match = (Match){*next, other, 0};
            }
            return 1;
        }
    }
}

static void modern_encode4(Modern *encoder, int start)
{
    const uint8_t *history = encoder->history;
    int limit = encoder->history_end - MODERN_INPUT_MARGIN;
    int emitted = start;
    int at = start;
    int next;
    Match match;
    while (search4(encoder, &match, &next, at, emitted, limit)) {
        at = emitted = emit_match(encoder, &match, emitted);
        if (next >= at) {
            at = next + 1;
        }
        if (at >= limit) {
            if (at + 8 < encoder->history_end) {
                enter4(encoder, load_le64(history + at), at);
            }
            break;
        }
        for (int i = next; i < at - 1; i += 3) {
            uint64_t value = load_le64(history + i);
            encoder->long_table[hash7(value)].current = i + encoder->current;
            enter4(encoder, value >> 8, i + 1);
        }
        enter4(encoder, load_le64(history + at - 1), at - 1);
    }
    modern_add_rest(encoder, emitted);
}

#endif
