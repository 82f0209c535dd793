import os
import time
import uuid


def uuid7() -> uuid.UUID:
    """Return an id that sorts by the millisecond it was made in: UUID version 7 of RFC 9562, section 5.7.

    48 bits of Unix time, version, 12 random bits, variant, 62 random bits. Python has its own from 3.14 on.
    """
    milliseconds = time.time_ns() // 1_000_000
    number = int.from_bytes(milliseconds.to_bytes(6) + os.urandom(10))
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=number)
