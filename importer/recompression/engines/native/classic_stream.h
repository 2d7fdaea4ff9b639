/* Go's compress/flate up to 1.26, levels 1 to 9: the stream.
 *
 * Follows compress/flate of Go 1.19.8: deflate.go. Go 1.15 to 1.26 write the same bytes. Copyright of the
 * originals: see ../NOTICE.
 */
#ifndef BLOBFIX_CLASSIC_STREAM_H
#define BLOBFIX_CLASSIC_STREAM_H

#include "classic_levels2to9.h"
#include "classic_level1.h"

static int classic_level_exists(int level)
{
    return level >= 1 && level <= 9;
}

static void classic_start(Classic *encoder, int level)
{
    memset(encoder, 0, sizeof *encoder);
    encoder->level = level;
    encoder->hash_offset = 1;
    encoder->length = CLASSIC_MIN_MATCH - 1;
    encoder->chain_head = -1;
    encoder->current = MAX_STORED;
}

static void classic_step(Classic *encoder)
{
    if (encoder->level == 1) {
        speed_block(encoder);
    } else {
        classic_deflate(encoder);
    }
}

/* Copies as much as fits into the window; returns how much that was. */
static size_t classic_fill(Classic *encoder, const uint8_t *input, size_t length)
{
    int start = encoder->level == 1 ? MAX_STORED : 0;
    int capacity = encoder->level == 1 ? MAX_STORED : 2 * CLASSIC_WINDOW;
    if (encoder->level != 1 && encoder->index >= 2 * CLASSIC_WINDOW - CLASSIC_LOOKAHEAD) {
        classic_shift_window(encoder);
    }
    size_t room = (size_t)(capacity - encoder->window_end);
    size_t count = length < room ? length : room;
    memcpy(encoder->window + start + encoder->window_end, input, count);
    encoder->window_end += (int)count;
    return count;
}

static void classic_write(Classic *encoder, const uint8_t *input, size_t length)
{
    while (length > 0 && !encoder->sink.out_of_memory) {
        classic_step(encoder);
        size_t count = classic_fill(encoder, input, length);
        input += count;
        length -= count;
    }
}

static void classic_finish(Classic *encoder)
{
    encoder->finishing = 1;
    classic_step(encoder);
    classic_stored_header(encoder, 0, 1);
    align_to_byte(&encoder->sink);
}

#endif
