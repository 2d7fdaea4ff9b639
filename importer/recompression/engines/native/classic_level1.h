/* Go's compress/flate up to 1.26, level 1: one candidate for each hash.
 *
 * Follows compress/flate of Go 1.19.8: deflatefast.go. Copyright of the originals: see ../NOTICE.
 */
#ifndef BLOBFIX_CLASSIC_LEVEL1_H
#define BLOBFIX_CLASSIC_LEVEL1_H

#include "classic_blocks.h"

static inline uint32_t speed_hash(uint32_t value)
{
    return value * 0x1e35a7bdu >> (32 - 14);
}

/* Go's shiftOffsets: keeps positions within 31 bits, every 2 GiB. */
static void speed_shift_offsets(Classic *encoder)
{
    if (!encoder->has_previous_block) {
        memset(encoder->table, 0, sizeof encoder->table);
    } else {
        for (int i = 0; i < SPEED_TABLE_SIZE; i++) {
            int32_t offset = encoder->table[i].offset - encoder->current + MAX_OFFSET + 1;
            encoder->table[i].offset = offset > 0 ? offset : 0;
        }
    }
    encoder->current = MAX_OFFSET + 1;
}

static void speed_literals(Classic *encoder, const uint8_t *input, int start, int end)
{
    for (int i = start; i < end; i++) {
        encoder->tokens[encoder->token_count++] = input[i];
    }
}

/* Replaces the entry of `value`; returns how far back the old one is, or 0 if it is no match. */
static inline int speed_swap(Classic *encoder, uint32_t hash, uint32_t value, int at)
{
    int32_t offset = at - (encoder->table[hash].offset - encoder->current);
    uint32_t old = encoder->table[hash].value;
    encoder->table[hash].offset = at + encoder->current;
    encoder->table[hash].value = value;
    return offset <= MAX_OFFSET && old == value ? offset : 0;
}

/* Go's deflateFast.encode: turns the block into tokens. `input` has the previous block before it. */
static void speed_encode(Classic *encoder, const uint8_t *input, int length)
{
    int limit = length - SPEED_INPUT_MARGIN;
    int emitted = 0;
    int at = 0;
    uint32_t value = load_le32(input);
    for (;;) {
        int skip = 32;
        int next = at;
        int offset;
        do {
            at = next;
            next = at + (skip >> 5);
            skip += skip >> 5;
            if (next > limit) {
                speed_literals(encoder, input, emitted, length);
                return;
            }
            offset = speed_swap(encoder, speed_hash(value), value, at);
            if (offset == 0) {
                value = load_le32(input + next);
            }
        } while (offset == 0);
        speed_literals(encoder, input, emitted, at);
        while (offset != 0) {
            at += 4;
            int most = length - at < MAX_MATCH - 4 ? length - at : MAX_MATCH - 4;
            int more = equal_bytes(input + at, input + at - offset, most);
            encoder->tokens[encoder->token_count++] = match_token(more + 4, offset);
            at += more;
            emitted = at;
            if (at >= limit) {
                speed_literals(encoder, input, emitted, length);
                return;
            }
            uint32_t before = load_le32(input + at - 1);
            uint32_t hash = speed_hash(before);
            encoder->table[hash].offset = encoder->current + at - 1;
            encoder->table[hash].value = before;
            value = load_le32(input + at);
            offset = speed_swap(encoder, speed_hash(value), value, at);
        }
        at++;
        value = load_le32(input + at);
    }
}

/* Go's encSpeed. The block is at `window + MAX_STORED`. */
static void speed_block(Classic *encoder)
{
    uint8_t *input = encoder->window + MAX_STORED;
    int length = encoder->window_end;
    if (length == 0 || (length < MAX_STORED && !encoder->finishing)) {
        return;
    }
    encoder->window_end = 0;
    if (length <= 16) {
        classic_stored_block(encoder, input, length);
        return;
    }
    if (length < 128) {
        classic_write_huffman(encoder, input, length);
        return;
    }
    if (encoder->current >= SPEED_BUFFER_RESET) {
        speed_shift_offsets(encoder);
    }
    encoder->token_count = 0;
    speed_encode(encoder, input, length);
    encoder->current += length;
    if (encoder->token_count > length - (length >> 4)) {
        classic_write_huffman(encoder, input, length);
    } else {
        classic_write_dynamic(encoder, input, length);
    }
    memcpy(encoder->window, input, MAX_STORED);
    encoder->has_previous_block = 1;
}

#endif
