"""Encoders that write the bytes of the compressors in circulation; README.md tells how they are made and held equal."""
