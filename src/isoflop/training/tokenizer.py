"""From documents to token ids: the bytes that occur, or byte pairs trained on the training split.

Every document is preceded by a separator token, so that its first byte is predicted from "a document starts" and the
end of the one before is predicted too. Tokenizers are fitted on the training split alone.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from isoflop.errors import BadInput

if TYPE_CHECKING:
    import tiktoken

Tokens = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

NEVER_UTF8 = b"\xff"  # no text contains it, so it can stand for the separator among bytes


class Tokenizer(Protocol):
    """Documents to ids and back; a value that is saved as JSON beside the tokens it made."""

    @property
    def vocab_size(self) -> int:
        """Number of ids, the separator included."""

    @property
    def separator(self) -> int:
        """The id that starts a document."""

    def encode(self, documents: Sequence[bytes]) -> tuple[Tokens, npt.NDArray[np.int64]]:
        """One stream of ids, and where each document's separator is in it, with the stream's length at the end."""

    def decode(self, tokens: Sequence[int] | Tokens) -> str:
        """The text of the ids; separators are left out, what is no UTF-8 becomes U+FFFD."""

    def to_json(self) -> dict[str, Any]:
        """All that determines the ids."""


@dataclass(frozen=True)
class ByteTokenizer:
    """One id for each byte value of the training split, which halves the head against all 256.

    Id 0 is the separator, id 1 ("other") stands for any byte that does not occur in the training split: it is never
    trained on, and decodes to U+FFFD. Then come the bytes, in increasing order.
    """

    values: bytes
    """the byte values that occur, increasing"""

    separator = 0
    other = 1

    @classmethod
    def fitted(cls, documents: Sequence[bytes]) -> "ByteTokenizer":
        """The tokenizer of the bytes that occur in the documents."""
        seen = np.zeros(256, dtype=bool)
        for document in documents:
            seen[np.frombuffer(document, dtype=np.uint8)] = True
        return cls(bytes(np.flatnonzero(seen).tolist()))

    @property
    def vocab_size(self) -> int:
        """Bytes that occur, the separator and "other"."""
        return len(self.values) + 2

    def encode(self, documents: Sequence[bytes]) -> tuple[Tokens, npt.NDArray[np.int64]]:
        """See `Tokenizer.encode`."""
        ids = np.full(256, self.other, dtype=np.uint8)
        ids[list(self.values)] = np.arange(2, self.vocab_size)
        ids[NEVER_UTF8[0]] = self.separator
        stream = b"".join(NEVER_UTF8 + document for document in documents)
        starts = np.cumsum([0, *(1 + len(document) for document in documents)])
        return ids[np.frombuffer(stream, dtype=np.uint8)], starts.astype(np.int64)

    def decode(self, tokens: Sequence[int] | Tokens) -> str:
        """See `Tokenizer.decode`."""
        known = [b"", b"\xff", *(bytes([value]) for value in self.values)]
        return b"".join(known[token] for token in tokens).decode("utf-8", "replace")

    def to_json(self) -> dict[str, Any]:
        """Kind and byte values."""
        return {"kind": "bytes", "values": list(self.values)}


@dataclass(frozen=True)
class BPETokenizer:
    """Byte pairs (Sennrich et al. 2016, arXiv:1508.07909) on bytes, split by GPT-4's pattern.

    Trained by rustbpe, run by tiktoken. Ids 0 to 255 are the bytes themselves, so that every text has an encoding; the
    last id is the separator.
    """

    pattern: str
    ranks: tuple[bytes, ...]
    """the bytes of each token; the place is the id"""

    @classmethod
    def fitted(cls, documents: Sequence[bytes], vocab_size: int) -> "BPETokenizer":
        """Merges the most frequent pairs until there are `vocab_size` ids (fewer if no pairs are left)."""
        import rustbpe  # noqa: PLC0415  needed only when a corpus is new

        trained = rustbpe.Tokenizer()
        trained.train_from_iterator((document.decode() for document in documents), vocab_size=vocab_size - 1)
        ranks = sorted(trained.get_mergeable_ranks(), key=lambda ranked: ranked[1])
        return cls(trained.get_pattern(), tuple(bytes(token) for token, _ in ranks))

    @property
    def vocab_size(self) -> int:
        """Bytes, merges and the separator."""
        return len(self.ranks) + 1

    @property
    def separator(self) -> int:
        """The last id."""
        return len(self.ranks)

    @cached_property
    def _encoding(self) -> "tiktoken.Encoding":
        import tiktoken  # noqa: PLC0415  slow to import, and not needed to read what is cached

        ranks = {token: rank for rank, token in enumerate(self.ranks)}
        return tiktoken.Encoding("isoflop", pat_str=self.pattern, mergeable_ranks=ranks, special_tokens={})

    def encode(self, documents: Sequence[bytes]) -> tuple[Tokens, npt.NDArray[np.int64]]:
        """See `Tokenizer.encode`."""
        parts, lengths = [np.zeros(0, dtype=np.uint16)], [0]
        for document in documents:
            ids = self._encoding.encode_ordinary(document.decode())
            parts.append(np.array([self.separator, *ids], dtype=np.uint16))
            lengths.append(1 + len(ids))
        return np.concatenate(parts), np.cumsum(lengths).astype(np.int64)

    def decode(self, tokens: Sequence[int] | Tokens) -> str:
        """See `Tokenizer.decode`."""
        return b"".join(self.ranks[token] for token in tokens if token != self.separator).decode("utf-8", "replace")

    def to_json(self) -> dict[str, Any]:
        """Kind, pattern and token bytes (base64)."""
        ranks = [base64.b64encode(token).decode() for token in self.ranks]
        return {"kind": "bpe", "pattern": self.pattern, "ranks": ranks}


def fit_tokenizer(kind: str, vocab_size: int | None, documents: Sequence[bytes]) -> Tokenizer:
    """The tokenizer of this kind for these training documents; `vocab_size`, for "bpe" alone, counts the separator."""
    if kind == "bytes":
        return ByteTokenizer.fitted(documents)
    return BPETokenizer.fitted(documents, int(vocab_size or 0))


def check_tokenizer(kind: str, vocab_size: int | None) -> None:
    """Raises `BadInput` with every problem of a tokenizer's description."""
    if kind not in ("bytes", "bpe"):
        raise BadInput(f"tokenizer.kind = {kind!r} is not known. Allowed: 'bytes', 'bpe'.")
    if kind == "bytes" and vocab_size is not None:
        raise BadInput(
            f"tokenizer.vocab_size = {vocab_size!r}: the text sets it for 'bytes'. Leave it out, or take 'bpe'."
        )
    if kind == "bpe" and not (isinstance(vocab_size, int) and 258 <= vocab_size <= 2**16):
        raise BadInput(
            f"tokenizer.vocab_size = {vocab_size!r}. 'bpe' needs a whole number "
            "from 258 (256 bytes, one pair, the separator) to 65536."
        )


def tokenizer_from_json(saved: dict[str, Any]) -> Tokenizer:
    """The tokenizer that `to_json` described."""
    if saved["kind"] == "bytes":
        return ByteTokenizer(bytes(saved["values"]))
    return BPETokenizer(saved["pattern"], tuple(base64.b64decode(token) for token in saved["ranks"]))


def tokenizer_fingerprint(tokenizer: Tokenizer) -> str:
    """The first 16 hex digits of SHA-256 over the canonical JSON of all that determines the ids."""
    canonical = json.dumps(tokenizer.to_json(), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
