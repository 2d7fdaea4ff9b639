/* Go's compress/flate up to 1.26, levels 2 to 9: matches found by chains of equal hashes.
 *
 * Follows compress/flate of Go 1.19.8: deflate.go. Copyright of the originals: see ../NOTICE.
 */
#ifndef BLOBFIX_CLASSIC_LEVELS2TO9_H
#define BLOBFIX_CLASSIC_LEVELS2TO9_H

#include "classic_blocks.h"

static inline uint32_t classic_hash(const uint8_t *at)
{
    return load_be32(at) * 0x1e35a7bdu >> (32 - 17);
}

static void classic_lower_hashes(uint32_t *hashes, int count, uint32_t delta)
{
    for (int i = 0; i < count; i++) {
        hashes[i] = hashes[i] > delta ? hashes[i] - delta : 0;
    }
}

static void classic_shift_window(Classic *encoder)
{
    memmove(encoder->window, encoder->window + CLASSIC_WINDOW, CLASSIC_WINDOW);
    encoder->index -= CLASSIC_WINDOW;
    encoder->window_end -= CLASSIC_WINDOW;
    encoder->block_start =
        encoder->block_start >= CLASSIC_WINDOW && encoder->block_start != NO_BLOCK_START
            ? encoder->block_start - CLASSIC_WINDOW
            : NO_BLOCK_START;
    encoder->hash_offset += CLASSIC_WINDOW;
    if (encoder->hash_offset > CLASSIC_MAX_HASH_OFFSET) {
        int delta = encoder->hash_offset - 1;
        encoder->hash_offset -= delta;
        encoder->chain_head -= delta;
        classic_lower_hashes(encoder->hash_previous, CLASSIC_WINDOW, (uint32_t)delta);
        classic_lower_hashes(encoder->hash_head, CLASSIC_HASH_SIZE, (uint32_t)delta);
    }
}

static void classic_flush_tokens(Classic *encoder, int index)
{
    const uint8_t *input = encoder->block_start <= index ? encoder->window + encoder->block_start : NULL;
    int length = input != NULL ? index - encoder->block_start : 0;
    encoder->block_start = index;
    classic_write_block(encoder, input, length);
}

/* Enters the string at `index` into the hash chains; returns the chain's head before it. */
static inline int classic_insert(Classic *encoder, int index)
{
    uint32_t *head = &encoder->hash_head[classic_hash(encoder->window + index)];
    uint32_t previous = *head;
    encoder->hash_previous[index & (CLASSIC_WINDOW - 1)] = previous;
    *head = (uint32_t)(index + encoder->hash_offset);
    return (int)previous;
}

/* Go's findMatch: walks the chain from `candidate` and keeps the longest match in length and offset. */
static void classic_find_match(Classic *encoder, int candidate, int lookahead)
{
    const ClassicLevel *level = &CLASSIC_LEVELS[encoder->level];
    const uint8_t *window = encoder->window;
    const uint32_t *previous = encoder->hash_previous;
    int position = encoder->index;
    int longest = lookahead < MAX_MATCH ? lookahead : MAX_MATCH;
    int nice = level->nice < longest ? level->nice : longest;
    int length = CLASSIC_MIN_MATCH - 1;
    int hash_offset = encoder->hash_offset;
    int lowest = position - CLASSIC_WINDOW;
    int floor = lowest > 0 ? lowest : 0;
    uint8_t wanted = window[position + length];
    for (int tries = level->chain; tries > 0 && candidate < position; tries--) {
        if (wanted == window[candidate + length]) {
            int n = equal_bytes(window + candidate, window + position, longest);
            if (n > length && (n > CLASSIC_MIN_MATCH || position - candidate <= 4096)) {
                length = n;
                encoder->length = n;
                encoder->offset = position - candidate;
                if (n >= nice) {
                    break;
                }
                wanted = window[position + n];
            }
        }
        if (candidate == lowest) {
            break;
        }
        candidate = (int)previous[candidate & (CLASSIC_WINDOW - 1)] - hash_offset;
        if (candidate < floor) {
            break;
        }
    }
}

/* The match of the step before stays the better one: writes it and enters its strings. */
static void classic_emit_match(Classic *encoder, int length, int offset)
{
    encoder->tokens[encoder->token_count++] = match_token(length, offset);
    int next = encoder->index + length - 1;
    int last = next < encoder->max_insert_index ? next : encoder->max_insert_index;
    for (int index = encoder->index + 1; index < last; index++) {
        classic_insert(encoder, index);
    }
    encoder->index = next;
    encoder->byte_available = 0;
    encoder->length = CLASSIC_MIN_MATCH - 1;
    if (encoder->token_count == CLASSIC_BLOCK_TOKENS) {
        classic_flush_tokens(encoder, encoder->index);
    }
}

static void classic_emit_literal(Classic *encoder)
{
    if (encoder->byte_available) {
        int at = encoder->index - 1;
        encoder->tokens[encoder->token_count++] = encoder->window[at];
        if (encoder->token_count == CLASSIC_BLOCK_TOKENS) {
            classic_flush_tokens(encoder, at + 1);
        }
    }
    encoder->index++;
    encoder->byte_available = 1;
}

static void classic_flush_rest(Classic *encoder)
{
    if (encoder->byte_available) {
        encoder->tokens[encoder->token_count++] = encoder->window[encoder->index - 1];
        encoder->byte_available = 0;
    }
    if (encoder->token_count > 0) {
        classic_flush_tokens(encoder, encoder->index);
    }
}

/* One step of lazy matching: a match waits until the next one turns out no longer. */
static void classic_lazy_step(Classic *encoder, int candidate, int lowest, int lookahead)
{
    int length = encoder->length;
    int offset = encoder->offset;
    encoder->length = CLASSIC_MIN_MATCH - 1;
    encoder->offset = 0;
    if (candidate >= lowest && lookahead > length && length < CLASSIC_LEVELS[encoder->level].lazy) {
        classic_find_match(encoder, candidate, lookahead);
    }
    if (length >= CLASSIC_MIN_MATCH && encoder->length <= length) {
        classic_emit_match(encoder, length, offset);
    } else {
        classic_emit_literal(encoder);
    }
}

/* One step of levels 2 and 3: every match is taken, and the strings of long ones are not entered. */
static void classic_greedy_step(Classic *encoder, int candidate, int lowest, int lookahead)
{
    int start = encoder->index;
    encoder->length = CLASSIC_MIN_MATCH - 1;
    if (candidate >= lowest && lookahead > CLASSIC_MIN_MATCH - 1) {
        classic_find_match(encoder, candidate, lookahead);
    }
    if (encoder->length >= CLASSIC_MIN_MATCH) {
        encoder->tokens[encoder->token_count++] = match_token(encoder->length, encoder->offset);
        encoder->index += encoder->length;
        int last = encoder->index < encoder->max_insert_index ? encoder->index : encoder->max_insert_index;
        for (int i = start + 1; encoder->length <= CLASSIC_LEVELS[encoder->level].greedy && i < last; i++) {
            classic_insert(encoder, i);
        }
    } else {
        encoder->tokens[encoder->token_count++] = encoder->window[encoder->index++];
    }
    if (encoder->token_count == CLASSIC_BLOCK_TOKENS) {
        classic_flush_tokens(encoder, encoder->index);
    }
}

/* Go's deflate: compresses the window as far as the lookahead allows, or to its end. */
static void classic_deflate(Classic *encoder)
{
    if (encoder->window_end - encoder->index < CLASSIC_LOOKAHEAD && !encoder->finishing) {
        return;
    }
    encoder->max_insert_index = encoder->window_end - (CLASSIC_MIN_MATCH - 1);
    while (!encoder->sink.out_of_memory) {
        int lookahead = encoder->window_end - encoder->index;
        if (lookahead < CLASSIC_LOOKAHEAD && !encoder->finishing) {
            return;
        }
        if (lookahead == 0) {
            classic_flush_rest(encoder);
            return;
        }
        if (encoder->index < encoder->max_insert_index) {
            encoder->chain_head = classic_insert(encoder, encoder->index);
        }
        int lowest = encoder->index > CLASSIC_WINDOW ? encoder->index - CLASSIC_WINDOW : 0;
        int candidate = encoder->chain_head - encoder->hash_offset;
        if (CLASSIC_LEVELS[encoder->level].greedy) {
            classic_greedy_step(encoder, candidate, lowest, lookahead);
        } else {
            classic_lazy_step(encoder, candidate, lowest, lookahead);
        }
    }
}

#endif
