/* Go's compress/flate from 1.27 on and klauspost/compress 1.15.12: levels 7 to 9.
 *
 * Follows deflate.go (deflateLazy) of compress/flate of Go 1.27.3, and with full tables that of
 * klauspost/compress 1.15.12. Copyright of the originals: see ../NOTICE.
 */
#ifndef BLOBFIX_MODERN_LEVELS7TO9_H
#define BLOBFIX_MODERN_LEVELS7TO9_H

#include "modern_blocks.h"
#include "modern_levels7to9_chains.h"

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
