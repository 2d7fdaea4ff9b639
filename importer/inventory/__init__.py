"""All facts of all files, found by digest, by content, by size and by the digest a name claims."""
