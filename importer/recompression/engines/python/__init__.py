"""The deflate encoders of Go and klauspost/compress in Python: the readable form, for where the C form is not built."""
