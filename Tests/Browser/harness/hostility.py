"""What a hostile peer answers a request with, by name. Each is one way to break Docs/Protocol.md §6."""

from . import wire
from .merkle import BLOCK
from .peer import Behaviour


def _flipped(request: wire.Request, piece: bytes) -> list[bytes | str]:
    """Every block arrives; one bit of the last byte is wrong."""
    return list(wire.blocks(request.number, piece[:-1] + bytes([piece[-1] ^ 1])))


def _wrong_index(request: wire.Request, piece: bytes) -> list[bytes | str]:
    """The right bytes, each block under its neighbour's index."""
    parts = [piece[i : i + BLOCK] for i in range(0, len(piece), BLOCK)]
    return [wire.block(request.number, i, part) for i, part in enumerate(parts[1:] + parts[:1])]


def _index_outside(request: wire.Request, piece: bytes) -> list[bytes | str]:
    """A right block under an index behind the piece's end."""
    return [wire.block(request.number, -(-len(piece) // BLOCK), piece[:BLOCK])]


def _wrong_request(request: wire.Request, piece: bytes) -> list[bytes | str]:
    """A right block for a request that nobody made."""
    return [wire.block(request.number ^ 0x8000_0000, 0, piece[:BLOCK])]


def _truncated(request: wire.Request, piece: bytes) -> list[bytes | str]:
    """A block one byte short."""
    return [wire.block(request.number, 0, piece[: BLOCK - 1])]


def _oversized(request: wire.Request, piece: bytes) -> list[bytes | str]:
    """A block one byte too long."""
    return [wire.block(request.number, 0, piece[: BLOCK] + b"!")]


def _huge(request: wire.Request, piece: bytes) -> list[bytes | str]:
    """A message of 60,000 bytes where 16,393 are the most."""
    return [wire.block(request.number, 0, piece.ljust(59_991, b"!")[:59_991])]


def _header_only(request: wire.Request, piece: bytes) -> list[bytes | str]:
    """A block without a byte in it."""
    return [wire.block(request.number, 0, b"")]


def _malformed(request: wire.Request, piece: bytes) -> list[bytes | str]:
    """A block message that ends within its header."""
    return [wire.block(request.number, 0, piece[:BLOCK])[:5]]


def _empty(request: wire.Request, piece: bytes) -> list[bytes | str]:
    """A message of no bytes."""
    return [b""]


def _unknown_type(request: wire.Request, piece: bytes) -> list[bytes | str]:
    """A message of type 9."""
    return [bytes([9]) + wire.block(request.number, 0, piece[:BLOCK])[1:]]


def _text(request: wire.Request, piece: bytes) -> list[bytes | str]:
    """A text message."""
    return ["here you are"]


def _garbage(request: wire.Request, piece: bytes) -> list[bytes | str]:
    """Pieces of another content of the same length: every message is right, every byte is wrong."""
    return list(wire.blocks(request.number, bytes(byte ^ 0xFF for byte in piece)))


def silent(request: wire.Request, piece: bytes) -> list[bytes | str]:
    """Never a word."""
    return []


HOSTILE: dict[str, Behaviour] = {
    "flipped-bit": _flipped,
    "right-block-wrong-index": _wrong_index,
    "index-outside-piece": _index_outside,
    "block-of-no-request": _wrong_request,
    "truncated-block": _truncated,
    "oversized-block": _oversized,
    "huge-message": _huge,
    "block-without-bytes": _header_only,
    "malformed-block": _malformed,
    "empty-message": _empty,
    "unknown-type": _unknown_type,
    "text-message": _text,
    "garbage": _garbage,
}
