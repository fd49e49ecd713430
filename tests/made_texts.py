"""Texts made for tests: as many as wanted, no two of them alike."""

import hashlib


def words(seed: int, n: int) -> list[bytes]:
    """`n` words of five hexadecimal digits that no other seed has in this order."""
    return [hashlib.sha256(f"{seed} {i}".encode()).hexdigest()[:5].encode() for i in range(n)]


def document(seed: int, n: int = 120) -> bytes:
    """A text of `n` words."""
    return b" ".join(words(seed, n))
