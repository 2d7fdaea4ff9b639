/* Go's compress/flate from 1.27 on and klauspost/compress from 1.15.10 on: the search for matches at levels
 * 5 and 6.
 *
 * Follows compress/flate of Go 1.27.3: level5.go and level6.go. Copyright of the originals: see ../NOTICE.
 */
#ifndef BLOBFIX_MODERN_LEVELS5AND6_H
#define BLOBFIX_MODERN_LEVELS5AND6_H

#include "modern_state.h"

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
