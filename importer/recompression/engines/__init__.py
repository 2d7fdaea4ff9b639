"""Encoders that write the bytes of the compressors in circulation; see README.md."""
