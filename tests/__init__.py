"""Tests of blobfix: quick ones on generated images, and ones against the real programs."""
