// Compresses what it is sent with github.com/klauspost/compress and pgzip.
//
// A request is a line "KIND LEVEL LENGTH" and that many bytes; the answer is a line "LENGTH NANOSECONDS",
// of what came out and how long it took, and the bytes. KIND is gzip (klauspost's), or an integer: pgzip's
// block size in bytes.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/pgzip"
)

func compressBlocks(w io.Writer, level, blockSize int, data []byte) {
	z, err := pgzip.NewWriterLevel(w, level)
	if err != nil {
		panic(err)
	}
	if err := z.SetConcurrency(blockSize, 2); err != nil {
		panic(err)
	}
	z.Write(data)
	z.Close()
}

func compressGzip(w io.Writer, level int, data []byte) {
	z, err := gzip.NewWriterLevel(w, level)
	if err != nil {
		panic(err)
	}
	z.Write(data)
	z.Close()
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
