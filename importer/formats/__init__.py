"""The formats of compressed streams, tars and JSON documents: bytes in, facts out, no files."""
