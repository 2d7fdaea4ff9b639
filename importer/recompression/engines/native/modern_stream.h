/* Go's compress/flate from 1.27 on and klauspost/compress from 1.15.10 on, levels 1 to 9: the stream.
 *
 * Follows compress/flate of Go 1.27.3: deflate.go (deflateFast). Copyright of the originals: see ../NOTICE.
 */
#ifndef BLOBFIX_MODERN_STREAM_H
#define BLOBFIX_MODERN_STREAM_H

#include "modern_levels7to9.h"
#include "modern_levels3and4.h"
#include "modern_levels5and6.h"

/* --- The stream (deflate.go) -------------------------------------------------------------------------------------------- */

static int modern_level_exists(int level)
{
    return level >= 1 && level <= 9;
}

/* Go's fast.encode: turns a block into tokens. Returns 0 when it is too short to have any. */
static int modern_encode(Modern *encoder, const uint8_t *input, int length)
{
    if (encoder->current >= MODERN_BUFFER_RESET) {
        modern_lower_positions(encoder);
    }
    int start = modern_add_block(encoder, input, length);
    if (length < 2 + MODERN_INPUT_MARGIN) {
        return 0;
    }
    static void (*const encode[])(Modern *, int) = {
        modern_encode1, modern_encode2, modern_encode3, modern_encode4, modern_encode56, modern_encode56,
    };
    encode[encoder->level - 1](encoder, start);
    return 1;
}

/* Puts everything before out of reach. */
static void modern_forget(Modern *encoder)
{
    if (encoder->current <= MODERN_BUFFER_RESET) {
        encoder->current += MAX_OFFSET + encoder->history_end;
    }
    encoder->history_end = 0;
}

static void modern_small_block(Modern *encoder, int length)
{
    if (length > 0 && length <= 32) {
        modern_stored_block(encoder, encoder->window, length);
    } else if (length > 0) {
        modern_write_huffman(encoder, encoder->window, length, 1);
    }
    if (length > 0) {
        modern_forget(encoder);
    }
}

/* Go's deflateFast: writes the block that was filled. */
static void modern_step(Modern *encoder)
{
    if (encoder->level > 6) {
        lazy_step(encoder);
        return;
    }
    int length = encoder->window_end;
    if (length < MAX_STORED && !encoder->syncing) {
        return;
    }
    encoder->window_end = 0;
    if (length < 128) {
        modern_small_block(encoder, length);
        return;
    }
    modern_encode(encoder, encoder->window, length);
    if (encoder->token_count == 0) {
        modern_stored_block(encoder, encoder->window, length);
    } else if (encoder->token_count > length - (length >> 4)) {
        modern_write_huffman(encoder, encoder->window, length, encoder->syncing);
    } else {
        modern_write_dynamic(encoder, encoder->window, length);
    }
    modern_reset_tokens(encoder);
}

static void modern_start(Modern *encoder, int level, int full_tables)
{
    memset(encoder, 0, sizeof *encoder);
    encoder->level = level;
    encoder->full_tables = full_tables;
    encoder->current = MAX_STORED;
    encoder->new_table_penalty = level > 6 ? 8 : 7;
    lazy_start(&encoder->lazy);
}

/* Starts over as Go's Writer.ResetDict does; the output so far stays. */
static void modern_reset(Modern *encoder, const uint8_t *dictionary, size_t length)
{
    if (length > MAX_OFFSET) {
        dictionary += length - MAX_OFFSET;
        length = MAX_OFFSET;
    }
    encoder->last_header = 0;
    encoder->last_was_huffman = 0;
    encoder->window_end = 0;
    modern_reset_tokens(encoder);
    if (encoder->level > 6) {
        lazy_reset(encoder, dictionary, (int)length);
        return;
    }
    modern_forget(encoder);
    modern_encode(encoder, dictionary, (int)length);
    modern_reset_tokens(encoder);
}

/* Copies as much as fits into the block; returns how much that was. */
static size_t modern_fill(Modern *encoder, const uint8_t *input, size_t length)
{
    size_t room = (size_t)(MAX_STORED - encoder->window_end);
    size_t count = length < room ? length : room;
    memcpy(encoder->window + encoder->window_end, input, count);
    encoder->window_end += (int)count;
    return count;
}

static void modern_write(Modern *encoder, const uint8_t *input, size_t length)
{
    int is_lazy = encoder->level > 6;
    while (length > 0 && !encoder->sink.out_of_memory) {
        if (is_lazy ? encoder->lazy.window_end == 2 * MAX_OFFSET : encoder->window_end == MAX_STORED) {
            modern_step(encoder);
        }
        size_t count = is_lazy ? lazy_fill(&encoder->lazy, input, length) : modern_fill(encoder, input, length);
        input += count;
        length -= count;
    }
}

static void modern_flush(Modern *encoder)
{
    encoder->syncing = 1;
    modern_step(encoder);
    modern_stored_header(encoder, 0);
    align_to_byte(&encoder->sink);
    encoder->syncing = 0;
}

static void modern_finish(Modern *encoder)
{
    encoder->syncing = 1;
    modern_step(encoder);
    modern_fixed_header(encoder, 1);
    if (sink_reserve(&encoder->sink, 16)) {
        put_bits(&encoder->sink, 0, 7);
    }
    align_to_byte(&encoder->sink);
}

#endif
