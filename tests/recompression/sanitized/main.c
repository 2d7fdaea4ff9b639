/* The encoders without Python, to be built with AddressSanitizer and UndefinedBehaviorSanitizer.
 *
 * A request is a line "KIND LEVEL FULL BLOCK PIECE LENGTH" and LENGTH bytes; the answer is a line "LENGTH"
 * and that many bytes. KIND is c (classic) or m (modern); FULL is 1 for full tables; with a BLOCK other
 * than 0 the encoder is flushed and reset after that many bytes, as in pgzip; PIECE is how many bytes are
 * written at once. Every buffer given to the encoders is of the exact size, so that reading past it shows.
 */
#include <stdio.h>

#include "../../../importer/recompression/_deflate_classic.h"
#include "../../../importer/recompression/_deflate_modern.h"

enum { TAIL = 16384 };

static void *allocate(size_t size)
{
    void *memory = malloc(size != 0 ? size : 1);
    if (memory == NULL) {
        exit(3);
    }
    return memory;
}

static void send(const Sink *sink)
{
    printf("%zu\n", sink->size);
    fwrite(sink->data, 1, sink->size, stdout);
    fflush(stdout);
}

/* A copy of the piece, so that its ends are known to the sanitizer. */
static uint8_t *copy_of(const uint8_t *data, size_t size)
{
    uint8_t *piece = allocate(size);
    memcpy(piece, data, size);
    return piece;
}

static void run_classic(int level, const uint8_t *data, size_t length, size_t piece)
{
    Classic *encoder = allocate(sizeof *encoder);
    classic_start(encoder, level);
    for (size_t at = 0; at < length; at += piece) {
        size_t size = length - at < piece ? length - at : piece;
        uint8_t *part = copy_of(data + at, size);
        classic_write(encoder, part, size);
        free(part);
    }
    classic_finish(encoder);
    send(&encoder->sink);
    free(encoder->sink.data);
    free(encoder);
}

static void next_block(Modern *encoder, const uint8_t *end, size_t block)
{
    size_t size = block < TAIL ? block : TAIL;
    uint8_t *dictionary = copy_of(end - size, size);
    modern_flush(encoder);
    modern_reset(encoder, dictionary, size);
    free(dictionary);
}

static void run_modern(int level, int full_tables, size_t block, const uint8_t *data, size_t length, size_t piece)
{
    Modern *encoder = allocate(sizeof *encoder);
    modern_start(encoder, level, full_tables);
    size_t in_block = 0;
    for (size_t at = 0; at < length;) {
        size_t size = length - at < piece ? length - at : piece;
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
    send(&encoder->sink);
    free(encoder->sink.data);
    free(encoder);
}

int main(void)
{
    char kind;
    int level, full_tables;
    size_t block, piece, length;
    prepare_tables();
    while (scanf("%c %d %d %zu %zu %zu", &kind, &level, &full_tables, &block, &piece, &length) == 6) {
        uint8_t *data = allocate(length);
        if (getchar() != '\n' || fread(data, 1, length, stdin) != length || piece == 0) {
            return 2;
        }
        if (kind == 'c' && classic_level_exists(level)) {
            run_classic(level, data, length, piece);
        } else if (kind == 'm' && modern_level_exists(level)) {
            run_modern(level, full_tables, block, data, length, piece);
        } else {
            return 2;
        }
        free(data);
    }
    return 0;
}
