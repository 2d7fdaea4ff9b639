/* Go's compress/flate from 1.27 on and klauspost/compress from 1.15.10 on: the search for matches at levels
 * 1 to 6.
 *
 * Follows compress/flate of Go 1.27.3: level1.go to level6.go. Level 4 of klauspost/compress 1.15.12 differs
 * in one comparison. Copyright of the originals: see NOTICE in this folder.
 */
#ifndef BLOBFIX_DEFLATE_MODERN_LEVELS_H
#define BLOBFIX_DEFLATE_MODERN_LEVELS_H

#include "_deflate_modern_state.h"

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

/* --- Levels 5 and 6 (level5.go, level6.go) -------------------------------------------------------------------------- */

/* Of a long candidate and the one before it, the one with the longer match. */
static inline Match better_long(const Modern *encoder, int at, int candidate, int other, uint32_t value)
{
    Match match = {at, candidate, 0};
    if (is_match(encoder, at, other, value)) {
        match.length = limited_length(encoder, at, candidate);
        int length = limited_length(encoder, at, other);
        if (length > match.length) {
            match.candidate = other;
            match.length = length;
        }
    }
    return match;
}

/* Takes the match that starts at `at` if it is longer; returns whether it is. */
static inline int take_longer(const Modern *encoder, Match *match, int at, int candidate)
{
    int length = limited_length(encoder, at, candidate);
    if (length <= match->length) {
        return 0;
    }
    match->at = at;
    match->candidate = candidate;
    match->length = length;
    return 1;
}

/* A short match was found: looks whether the next byte starts a longer one. */
static inline void look_ahead5(const Modern *encoder, Match *match, int next, Candidates seen, uint32_t following)
{
    int candidate = seen.current - encoder->current;
    if (next - candidate >= MAX_OFFSET) {
        return;
    }
    if (is_match(encoder, next, candidate, following) && take_longer(encoder, match, next, candidate)) {
        return;
    }
    candidate = seen.previous - encoder->current;
    if (is_match(encoder, next, candidate, following)) {
        take_longer(encoder, match, next, candidate);
    }
}

/* The same at level 6, which tries the last match's offset first and always both candidates. */
static inline void look_ahead6(const Modern *encoder, Match *match, int next, Candidates seen, uint64_t value,
                               uint32_t following, int repeat)
{
    int at = match->at + 1;
    int candidate = at - repeat;
    if (candidate >= 0 && load_le32(encoder->history + candidate) == (uint32_t)(value >> 8) &&
        take_longer(encoder, match, at, candidate)) {
        return;
    }
    candidate = seen.current - encoder->current;
    if (next - candidate >= MAX_OFFSET) {
        return;
    }
    if (is_match(encoder, next, candidate, following)) {
        take_longer(encoder, match, next, candidate);
    }
    candidate = seen.previous - encoder->current;
    if (is_match(encoder, next, candidate, following)) {
        take_longer(encoder, match, next, candidate);
    }
}

/* Tries a match that ends later, found by what follows the match; its first two bytes may differ. */
static inline void try_end(const Modern *encoder, Match *match, const Match *found, int32_t position)
{
    int at = found->at + 2;
    int candidate = position - encoder->current - found->length + 2;
    if (candidate >= 0 && at - candidate < MAX_OFFSET && at > candidate) {
        int length = match_length(encoder, at, candidate);
        if (length > match->length) {
            match->at = at;
            match->candidate = candidate;
            match->length = length;
        }
    }
}

static inline void improve_end(const Modern *encoder, Match *match, int limit)
{
    Match found = *match;
    int end = found.at + found.length;
    if (end >= limit || (encoder->level == 5 && found.length >= 30)) {
        return;
    }
    Candidates seen = encoder->long_table[hash7(load_le64(encoder->history + end))];
    try_end(encoder, match, &found, seen.current);
    if (encoder->level == 6 && found.at - (seen.current - encoder->current - found.length) < MAX_OFFSET) {
        /* The original measures the second candidate from where the first one moved the match to. */
        Match moved = {found.at, 0, match->length};
        try_end(encoder, match, &moved, seen.previous);
    }
}

/* Level 5 enters about every third string of a match. */
static inline void index_match5(Modern *encoder, int from, int end)
{
    const uint8_t *history = encoder->history;
    int32_t current = encoder->current;
    int i = from;
    if (i < end - 1) {
        uint64_t value = load_le64(history + i);
        encoder->table[hash4(value)] = i + current;
        push_candidate(&encoder->long_table[hash7(value)], i + current);
        push_candidate(&encoder->long_table[hash7(value >> 8)], i + 1 + current);
        encoder->table[hash4(value >> 16)] = i + 2 + current;
        for (i += 4; i < end - 1; i += 3) {
            value = load_le64(history + i);
            push_candidate(&encoder->long_table[hash7(value)], i + current);
            encoder->table[hash4(value >> 8)] = i + 1 + current;
        }
    }
    uint64_t value = load_le64(history + end - 1);
    encoder->table[hash4(value)] = current + end - 1;
    push_candidate(&encoder->long_table[hash7(value)], current + end - 1);
}

/* Level 6 enters every long string of a match and every other short one. */
static inline void index_match6(Modern *encoder, int from, int end)
{
    for (int i = from; i < end - 1; i += 2) {
        uint64_t value = load_le64(encoder->history + i);
        int32_t position = i + encoder->current;
        encoder->table[hash4(value)] = position;
        push_candidate(&encoder->long_table[hash7(value)], position);
        push_candidate(&encoder->long_table[hash7(value >> 8)], position + 1);
    }
}

static void index_rest6(Modern *encoder, int from)
{
    for (int i = from; i < encoder->history_end - 8; i += 2) {
        uint64_t value = load_le64(encoder->history + i);
        encoder->table[hash4(value)] = i + encoder->current;
        push_candidate(&encoder->long_table[hash7(value)], i + encoder->current);
    }
}

/* Looks for the next match from `*at` on. Returns 0 at the end of the block; `*next` is where the search
 * would have gone on. */
static inline int modern_search(Modern *encoder, Match *match, int *next, int at, uint64_t value, int emitted,
                                int limit, int repeat)
{
    const uint8_t *history = encoder->history;
    int skip_log = encoder->level == 5 ? 6 : 7;
    int32_t current = encoder->current;
    *next = at;
    for (;;) {
        uint32_t short_hash = hash4(value);
        uint32_t long_hash = hash7(value);
        at = *next;
        *next = at + 1 + ((at - emitted) >> skip_log);
        if (*next > limit) {
            return 0;
        }
        int short_candidate = encoder->table[short_hash] - current;
        Candidates seen = encoder->long_table[long_hash];
        uint64_t following = load_le64(history + *next);
        encoder->table[short_hash] = at + current;
        push_candidate(&encoder->long_table[long_hash], at + current);
        short_hash = hash4(following);
        long_hash = hash7(following);
        int found = 0;
        if (at - (seen.current - current) < MAX_OFFSET) {
            if (is_match(encoder, at, seen.current - current, (uint32_t)value)) {
                *match = better_long(encoder, at, seen.current - current, seen.previous - current, (uint32_t)value);
                found = 1;
            } else if (is_match(encoder, at, seen.previous - current, (uint32_t)value)) {
                *match = (Match){at, seen.previous - current, 0};
                found = 1;
            }
        }
        int is_short = !found && is_match(encoder, at, short_candidate, (uint32_t)value);
        if (found || is_short) {
            seen = encoder->long_table[long_hash];
            encoder->table[short_hash] = *next + current;
            push_candidate(&encoder->long_table[long_hash], *next + current);
        }
        if (is_short) {
            *match = (Match){at, short_candidate, limited_length(encoder, at, short_candidate)};
            if (encoder->level == 5) {
                look_ahead5(encoder, match, *next, seen, (uint32_t)following);
            } else {
                look_ahead6(encoder, match, *next, seen, value, (uint32_t)following, repeat);
            }
        }
        if (found || is_short) {
            return 1;
        }
        value = following;
    }
}

static void modern_encode56(Modern *encoder, int start)
{
    const uint8_t *history = encoder->history;
    int limit = encoder->history_end - MODERN_INPUT_MARGIN;
    int emitted = start;
    int at = start;
    int next;
    int repeat = 1;
    Match match;
    uint64_t value = load_le64(history + at);
    while (modern_search(encoder, &match, &next, at, value, emitted, limit, repeat)) {
        if (match.length == 0) {
            match.length = 4 + match_length(encoder, match.at + 4, match.candidate + 4);
        } else if (match.length == MAX_MATCH) {
            match.length += match_length(encoder, match.at + match.length, match.candidate + match.length);
        }
        improve_end(encoder, &match, limit);
        extend_backwards(encoder, &match, emitted);
        modern_add_literals(encoder, emitted, match.at);
        modern_add_match(encoder, match.length, match.at - match.candidate);
        repeat = match.at - match.candidate;
        at = emitted = match.at + match.length;
        if (next >= at) {
            at = next + 1;
        }
        if (at >= limit) {
            if (encoder->level == 6) {
                index_rest6(encoder, next + 1);
            }
            break;
        }
        if (encoder->level == 5) {
            index_match5(encoder, at - match.length + 1, at);
        } else {
            index_match6(encoder, next + 1, at);
        }
        value = load_le64(history + at);
    }
    modern_add_rest(encoder, emitted);
}

#endif
