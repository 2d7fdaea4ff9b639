/* Runs an encoder without Python: over bytes in pieces, from its start or from a late position.
 *
 * Every buffer given to the encoders is of the exact size, so that reading past it shows.
 */
#include "../../../../importer/recompression/engines/native/classic_stream.h"
#include "../../../../importer/recompression/engines/native/modern_stream.h"

enum {
    TAIL = 16384, /* pgzip's dictionary */
    JUST_BEFORE = 100000
};

typedef struct {
    int level;
    int full_tables;
    size_t block; /* flush and reset after so many bytes, as pgzip does; 0: never */
    size_t piece; /* so many bytes are written at once */
    int is_late;  /* 1: the positions soon get so large that the encoder lowers them, as after 16 MiB to 2 GiB */
} Feeding;

static void *allocate(size_t size)
{
    void *memory = malloc(size != 0 ? size : 1);
    if (memory == NULL) {
        exit(3);
    }
    return memory;
}

/* A copy of the piece, so that its ends are known to the sanitizer. */
static uint8_t *copy_of(const uint8_t *data, size_t size)
{
    uint8_t *piece = allocate(size);
    memcpy(piece, data, size);
    return piece;
}

/* Nothing is in the tables yet, so that the output is the one from position 0. */
static void make_classic_late(Classic *encoder)
{
    encoder->current = SPEED_BUFFER_RESET - JUST_BEFORE;
    encoder->hash_offset = CLASSIC_MAX_HASH_OFFSET - JUST_BEFORE;
}

static void make_modern_late(Modern *encoder)
{
    encoder->current = MODERN_BUFFER_RESET - JUST_BEFORE;
    encoder->lazy.hash_offset = LAZY_MAX_HASH_OFFSET - JUST_BEFORE;
}

static Sink fed_classic(const Feeding *feeding, const uint8_t *data, size_t length)
{
    Classic *encoder = allocate(sizeof *encoder);
    classic_start(encoder, feeding->level);
    if (feeding->is_late) {
        make_classic_late(encoder);
    }
    for (size_t at = 0; at < length; at += feeding->piece) {
        size_t size = length - at < feeding->piece ? length - at : feeding->piece;
        uint8_t *part = copy_of(data + at, size);
        classic_write(encoder, part, size);
        free(part);
    }
    classic_finish(encoder);
    Sink sink = encoder->sink;
    free(encoder);
    return sink;
}

static void next_block(Modern *encoder, const uint8_t *end, size_t block)
{
    size_t size = block < TAIL ? block : TAIL;
    uint8_t *dictionary = copy_of(end - size, size);
    modern_flush(encoder);
    modern_reset(encoder, dictionary, size);
    free(dictionary);
}

static Sink fed_modern(const Feeding *feeding, const uint8_t *data, size_t length)
{
    Modern *encoder = allocate(sizeof *encoder);
    modern_start(encoder, feeding->level, feeding->full_tables);
    if (feeding->is_late) {
        make_modern_late(encoder);
    }
    size_t block = feeding->block;
    size_t in_block = 0;
    for (size_t at = 0; at < length;) {
        size_t size = length - at < feeding->piece ? length - at : feeding->piece;
        if (block != 0 && size > block - in_block) {
            size = block - in_block;
        }
        uint8_t *part = copy_of(data + at, size);
        modern_write(encoder, part, size);
        free(part);
        at += size;
        in_block += size;
        if (in_block == block) {
            next_block(encoder, data + at, block);
            in_block = 0;
        }
    }
    if (block != 0) {
        modern_flush(encoder);
    }
    modern_finish(encoder);
    Sink sink = encoder->sink;
    free(encoder);
    return sink;
}
