// Compresses what it is sent with the compress packages of the Go that built it.
//
// A request is a line "KIND LEVEL LENGTH" and that many bytes; the answer is a line "LENGTH NANOSECONDS",
// of what came out and how long it took, and the bytes. KIND is gzip, or an integer: the block size in
// bytes of pgzip's format, written with the standard library's flate in place of klauspost's.
package main

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strconv"
	"time"
)

const tailSize = 16384

func compressGzip(w io.Writer, level int, data []byte) {
	z, err := gzip.NewWriterLevel(w, level)
	if err != nil {
		panic(err)
	}
	z.Write(data)
	z.Close()
}

// The blocks of github.com/klauspost/pgzip v1.2.5, compressBlock.
func compressBlocks(w io.Writer, level, blockSize int, data []byte) {
	w.Write([]byte{0x1f, 0x8b, 8, 0, 0, 9, 0x6e, 0x88, 0, 255})
	rest := data
	var dictionary []byte
	for {
		block := rest
		if len(block) > blockSize {
			block = block[:blockSize]
		}
		closing := len(block) < blockSize
		z, err := flate.NewWriterDict(w, level, dictionary)
		if err != nil {
			panic(err)
		}
		z.Write(block)
		z.Flush()
		if closing {
			z.Close()
			break
		}
		dictionary = block[len(block)-tailSize:]
		rest = rest[len(block):]
	}
	binary.Write(w, binary.LittleEndian, crc32.ChecksumIEEE(data))
	binary.Write(w, binary.LittleEndian, uint32(len(data)))
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	for {
		var kind string
		var level, length int
		if _, err := fmt.Fscanf(in, "%s %d %d\n", &kind, &level, &length); err != nil {
			return
		}
		data := make([]byte, length)
		if _, err := io.ReadFull(in, data); err != nil {
			panic(err)
		}
		var buffer bytes.Buffer
		start := time.Now()
		if size, err := strconv.Atoi(kind); err == nil {
			compressBlocks(&buffer, level, size, data)
		} else {
			compressGzip(&buffer, level, data)
		}
		fmt.Fprintf(out, "%d %d\n", buffer.Len(), time.Since(start).Nanoseconds())
		out.Write(buffer.Bytes())
		out.Flush()
	}
}
