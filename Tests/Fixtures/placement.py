"""Writes placement.json: owners of keys by weighted rendezvous hashing, computed independently of the Swift code.

Scores are taken in 60-digit decimals instead of doubles, so that agreement also shows that doubles are good enough.

    python3 Tests/Fixtures/placement.py > Tests/Fixtures/placement.json
"""

import hashlib
import json
from decimal import Decimal, getcontext

getcontext().prec = 60
MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15

CLUSTERS = {
    "one": {"only": 1},
    "uniform": {name: 1 for name in "abcdefgh"},
    "uniform-heavy": {"north-1": 7, "north-2": 7, "south-1": 7},
    "weighted": {"a": 1, "b": 2, "c": 4, "redis-04": 100},
    "drained": {"a": 3, "b": 0, "c": 1},
}


def scrambled(bits: int) -> int:
    """The finalizer of SplitMix64 (Steele, Lea and Flood, 2014)."""
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9 & MASK
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EB & MASK
    return bits ^ bits >> 31


def key(content: bytes, part: int) -> int:
    bits = int.from_bytes(content[:8], "big")
    return scrambled(bits ^ part * GOLDEN & MASK) if part else bits


def owner(placed: int, weights: dict[str, int]) -> str:
    def score(name: str) -> Decimal:
        seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
        unit = (Decimal(scrambled(placed ^ seed)) + Decimal("0.5")) / Decimal(1 << 64)
        return -weights[name] / unit.ln()

    return max((name for name in weights if weights[name] > 0), key=score)


def content(number: int) -> bytes:
    return hashlib.sha256(f"content {number}".encode()).digest()


def case(number: int, part: int) -> dict:
    placed = key(content(number), part)
    owners = {cluster: owner(placed, weights) for cluster, weights in CLUSTERS.items()}
    return {"content": content(number).hex(), "part": part, "key": f"{placed:016x}", "owners": owners}


PARTS = [0, 1, 2, 63, 1023]
print(
    json.dumps(
        {
            "source": "Tests/Fixtures/placement.py",
            "clusters": CLUSTERS,
            "cases": [case(number, PARTS[number % len(PARTS)]) for number in range(60)],
        },
        indent=1,
    )
)
