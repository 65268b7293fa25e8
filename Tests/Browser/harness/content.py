"""Content that is the same in every run, and its digest."""

import hashlib
import random


def noise(length: int, seed: int) -> bytes:
    """Bytes from the Mersenne Twister with a fixed seed: no block equals another one, and nothing compresses."""
    return random.Random(seed).randbytes(length)


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal digits, as `sha256` of the test page gives it."""
    return hashlib.sha256(data).hexdigest()
