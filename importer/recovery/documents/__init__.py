"""Which images are wanted: manifests and indexes, their original text, who names them, and what was lost of them."""
