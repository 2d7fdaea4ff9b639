"""How gzip, zstd, tar and the JSON documents are put together: bytes in, facts out, no files."""
