"""The messages between peers, Docs/Protocol.md §6.3, written apart from the client's own code."""

import struct
from dataclasses import dataclass

from .merkle import BLOCK

REQUEST, BLOCK_TYPE, REFUSE, CANCEL = 1, 2, 3, 4


@dataclass(frozen=True)
class Request:
    number: int
    piece: int
    content: bytes


def request(number: int, piece: int, content: bytes) -> bytes:
    return struct.pack(">BII", REQUEST, number, piece) + content


def block(number: int, index: int, data: bytes) -> bytes:
    return struct.pack(">BII", BLOCK_TYPE, number, index) + data


def cancel(number: int) -> bytes:
    return struct.pack(">BI", CANCEL, number)


def refuse(number: int, reason: int) -> bytes:
    return struct.pack(">BIB", REFUSE, number, reason)


def blocks(number: int, piece: bytes) -> list[bytes]:
    """A piece as the block messages that answer a request."""
    return [block(number, i, piece[i * BLOCK : (i + 1) * BLOCK]) for i in range(-(-len(piece) // BLOCK))]


def read_request(message: bytes | str) -> Request | None:
    """A request; None for the other three messages. Anything else is an error of the client's, and raises."""
    if isinstance(message, str):
        raise ValueError(f"a text message: {message[:60]!r}")
    if not message:
        raise ValueError("a message of no bytes")
    kind, length = message[0], len(message)
    if kind == REQUEST and length == 41:
        number, piece = struct.unpack(">II", message[1:9])
        return Request(number, piece, message[9:])
    if (kind == BLOCK_TYPE and 10 <= length <= 9 + BLOCK) or (kind, length) in ((REFUSE, 6), (CANCEL, 5)):
        return None
    raise ValueError(f"no message of Docs/Protocol.md §6.3: type {kind}, {length} bytes")
