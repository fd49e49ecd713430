"""A tokenised corpus: memory-mapped token streams of the two splits, prepared once and kept by fingerprint."""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isoflop.errors import BadInput, StorageError
from isoflop.training.cache import cache_folder, storing, whole_folder, write_whole
from isoflop.training.corpus import Corpus, find_corpus
from isoflop.training.readers import Texts
from isoflop.training.splits import split
from isoflop.training.tokenizer import (
    Tokenizer,
    Tokens,
    check_tokenizer,
    fit_tokenizer,
    tokenizer_fingerprint,
    tokenizer_from_json,
)

SCHEMA = 1
PREPARATION = 1  # to be raised when the same corpus would be read, split or encoded differently


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


def prepare(
    corpus: str | None = None,
    *,
    path: str | None = None,
    field: str = "text",
    held_out: float = 0.05,
    tokenizer: str = "bytes",
    vocab_size: int | None = None,
    seed: int = 0,
    cache: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Dataset:
    """Reads, splits and tokenises a corpus, or opens what an earlier call left in the cache.

    `corpus` is a known name or `path` a folder, glob or file; `held_out` is the fraction of the text held out by
    document; `seed` orders the documents. Raises `BadInput`, `MissingExtra`, `DownloadError` or `StorageError`.
    """
    if not 0 < held_out < 1:
        raise BadInput(f"corpus.held_out = {held_out!r}. It is the fraction of the text held out: above 0 and below 1.")
    check_tokenizer(tokenizer, vocab_size)
    cache = cache or cache_folder()
    found = find_corpus(corpus, path, field, cache=cache, say=say)
    asked = [PREPARATION, found.name, found.stamp, held_out, tokenizer, vocab_size, seed]
    note = cache / "prepared" / f"{hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:32]}.json"
    try:
        return open_dataset(json.loads(note.read_text(encoding="utf-8"))["fingerprint"], cache=cache)
    except (OSError, ValueError, KeyError, TypeError, StorageError):
        pass  # never prepared, or the cache was cleaned or damaged: made anew
    say(f"{found.name}: reading, splitting and tokenising")
    fingerprint = _prepare(found, held_out=held_out, kind=tokenizer, vocab_size=vocab_size, seed=seed, cache=cache)
    with storing(f"The tokens of {found.name}", cache):
        write_whole(note, json.dumps({"fingerprint": fingerprint}))
    return open_dataset(fingerprint, cache=cache)


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


def _prepare(found: Corpus, *, held_out: float, kind: str, vocab_size: int | None, seed: int, cache: Path) -> str:
    read = found.read()
    documents = list(dict.fromkeys(text.encode() for text in read.texts))
    train_ids, held_ids, n_near = split(documents, held_out, seed)
    if not len(train_ids) or not len(held_ids):
        n_bytes = sum(len(document) for document in documents)
        raise BadInput(
            f"{found.name} has {len(documents)} different documents with {n_bytes:,} bytes, too few to hold out "
            f"{held_out:.3g} of the text by document: {len(train_ids)} would be trained on, {len(held_ids)} held out. "
            "Give more or shorter documents (JSONL with a document a line, or a file each), or change corpus.held_out."
        )
    sides = {"train": [documents[i] for i in train_ids], "held_out": [documents[i] for i in held_ids]}
    tokenizer = fit_tokenizer(kind, vocab_size, sides["train"])
    encoded = {side: tokenizer.encode(texts) for side, texts in sides.items()}
    fingerprint = _fingerprint(tokenizer, list(encoded.values()))
    about = {
        "schema": SCHEMA,
        "name": found.name,
        "description": found.description,
        "n_bytes": {side: sum(len(text) for text in texts) for side, texts in sides.items()},
        "tokenizer": tokenizer.to_json(),
        "reading": asdict(_reading(read, len(documents), n_near, tokenizer, encoded["held_out"][0])),
    }
    target = cache / "datasets" / fingerprint
    with storing(f"The tokens of {found.name}", cache):
        try:
            open_dataset(fingerprint, cache=cache)
        except StorageError:
            shutil.rmtree(target, ignore_errors=True)
        with whole_folder(target) as folder:
            for side, (tokens, starts) in encoded.items():
                np.save(folder / f"{side}.npy", tokens)
                np.save(folder / f"{side}_starts.npy", starts)
            (folder / "dataset.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
    return fingerprint


def _fingerprint(tokenizer: Tokenizer, encoded: Sequence[tuple[Tokens, npt.NDArray[np.int64]]]) -> str:
    digest = hashlib.sha256(tokenizer_fingerprint(tokenizer).encode())
    for tokens, starts in encoded:
        for array, kind in ((tokens, "<u2"), (starts, "<i8")):
            digest.update(np.ascontiguousarray(array, dtype=kind).tobytes())
    return digest.hexdigest()[:16]


def _reading(read: Texts, n_kept: int, n_near: int, tokenizer: Tokenizer, held_out: Tokens) -> Reading:
    other = getattr(tokenizer, "other", None)
    return Reading(
        n_read=len(read.texts),
        n_not_utf8=read.n_not_utf8,
        n_binary=read.n_binary,
        n_repeated=len(read.texts) - n_kept,
        n_near_duplicates=n_near,
        n_other=0 if other is None else int(np.count_nonzero(held_out == other)),
    )
