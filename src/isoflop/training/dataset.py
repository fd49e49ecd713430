"""A tokenised corpus as a value: memory-mapped token streams of its two sides, opened by fingerprint."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isoflop.errors import StorageError
from isoflop.training.cache import cache_folder
from isoflop.training.tokenizer import Tokenizer, Tokens, tokenizer_fingerprint, tokenizer_from_json


@dataclass(frozen=True, eq=False)
class Split:
    """One side of a corpus as a stream of tokens, each document preceded by the separator."""

    tokens: Tokens
    """memory-mapped ids, shape [n_tokens]"""
    starts: npt.NDArray[np.int64]
    """where each document starts in `tokens`, and the end of the last: shape [n_documents + 1]"""
    n_bytes: int
    """UTF-8 bytes of the documents, separators not counted"""

    @property
    def n_tokens(self) -> int:
        """Length of the stream, separators counted."""
        return len(self.tokens)

    @property
    def n_documents(self) -> int:
        """Number of documents."""
        return len(self.starts) - 1

    @property
    def bytes_per_token(self) -> float:
        """Bytes a token stands for on average; bits per byte = (nats per token) / (ln 2 · bytes_per_token)."""
        return self.n_bytes / self.n_tokens


@dataclass(frozen=True)
class Reading:
    """What happened between the files and the two splits, in documents."""

    n_read: int
    n_not_utf8: int
    """documents with bytes that are no UTF-8, each replaced by U+FFFD"""
    n_binary: int
    """files left out because they are no text"""
    n_repeated: int
    """documents left out because another is the same, byte for byte"""
    n_near_duplicates: int
    """documents kept that have a near-duplicate, all of a group on one side"""
    n_other: int
    """tokens of the held-out side that no training document contains (bytes only)"""


@dataclass(frozen=True, eq=False)
class Dataset:
    """A tokenised corpus, split by document; the fingerprint is of the tokens of both sides and the tokenizer."""

    fingerprint: str
    name: str
    description: str
    tokenizer: Tokenizer
    train: Split
    held_out: Split
    reading: Reading
    folder: Path

    @property
    def vocab_size(self) -> int:
        """Number of token ids, the separator included."""
        return self.tokenizer.vocab_size

    @property
    def tokenizer_fingerprint(self) -> str:
        """A fingerprint of all that determines the ids."""
        return tokenizer_fingerprint(self.tokenizer)

    @property
    def n_documents(self) -> int:
        """Documents of both sides."""
        return self.train.n_documents + self.held_out.n_documents

    @property
    def n_bytes(self) -> int:
        """UTF-8 bytes of both sides."""
        return self.train.n_bytes + self.held_out.n_bytes


def open_dataset(fingerprint: str, *, cache: Path | None = None) -> Dataset:
    """The prepared dataset with this fingerprint; raises `StorageError` if it is not in the cache, or not whole."""
    folder = (cache or cache_folder()) / "datasets" / fingerprint
    try:
        about = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
        known = tokenizer_from_json(about["tokenizer"])
        return Dataset(
            fingerprint=fingerprint,
            name=about["name"],
            description=about["description"],
            tokenizer=known,
            train=_open_split(folder, "train", about),
            held_out=_open_split(folder, "held_out", about),
            reading=Reading(**about["reading"]),
            folder=folder,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(
            f"The tokens with fingerprint {fingerprint} are not whole in {folder} ({error}). "
            "Run the study again: it prepares them anew."
        ) from error


def _open_split(folder: Path, side: str, about: dict[str, Any]) -> Split:
    tokens = np.load(folder / f"{side}.npy", mmap_mode="r", allow_pickle=False)
    starts = np.load(folder / f"{side}_starts.npy", allow_pickle=False)
    if starts[-1] != len(tokens):
        raise ValueError(f"{side} has {len(tokens)} tokens, not {starts[-1]}")
    return Split(tokens, starts, about["n_bytes"][side])
