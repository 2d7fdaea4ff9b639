"""The encoders in Python: how far two places in the input are equal."""

from __future__ import annotations


def equal_bytes(data: bytes | bytearray, a: int, b: int, most: int) -> int:
    """How many of the ``most`` bytes from ``a`` on equal those from ``b`` on."""
    n = 0
    while n < most:
        step = min(32, most - n)
        left = int.from_bytes(data[a + n : a + n + step], "little")
        difference = left ^ int.from_bytes(data[b + n : b + n + step], "little")
        if difference:
            return n + ((difference & -difference).bit_length() - 1 >> 3)
        n += step
    return most
