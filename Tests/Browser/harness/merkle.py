"""Content IDs and layers after BEP 52 (https://www.bittorrent.org/beps/bep_0052.html), written apart from Shoal's own code."""

import hashlib

BLOCK = 16_384
ZERO = bytes(32)


def piece_length(length: int) -> int:
    """Docs/Certificates.md §1.2: the smallest power of two from 64 KiB on that makes at most 1,024 pieces."""
    size = 65_536
    while size * 1_024 < length:
        size *= 2
    return size


def _root(hashes: list[bytes], filling: bytes, width: int) -> bytes:
    row = hashes + [filling] * (width - len(hashes))
    while len(row) > 1:
        row = [hashlib.sha256(row[i] + row[i + 1]).digest() for i in range(0, len(row), 2)]
    return row[0]


def _power_of_two(count: int) -> int:
    return 1 << (count - 1).bit_length()


def _leaves(data: bytes) -> list[bytes]:
    return [hashlib.sha256(data[i : i + BLOCK]).digest() for i in range(0, len(data), BLOCK)]


def content_id(data: bytes) -> bytes:
    """The BEP 52 `pieces root` of content that is not empty."""
    leaves = _leaves(data)
    return _root(leaves, ZERO, _power_of_two(len(leaves)))


def layer(data: bytes) -> bytes:
    """The hashes of all pieces, in order; empty when the content is one piece."""
    size = piece_length(len(data))
    if len(data) <= size:
        return b""
    width = size // BLOCK
    return b"".join(_root(_leaves(data[i : i + size]), ZERO, width) for i in range(0, len(data), size))
