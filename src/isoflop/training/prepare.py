"""From a corpus to a dataset: read, split by document, tokenise, keep; the second time it is only opened."""

import hashlib
import io
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from isoflop.errors import BadInput, StorageError
from isoflop.runs.durable import make_folder, write_durably
from isoflop.training.cache import cache_folder, storing, whole_folder
from isoflop.training.corpus import Corpus, find_corpus
from isoflop.training.dataset import Dataset, Reading, open_dataset
from isoflop.training.readers import Texts
from isoflop.training.splits import split
from isoflop.training.tokenizer import Tokenizer, Tokens, check_tokenizer, fit_tokenizer, tokenizer_fingerprint

SCHEMA = 1
PREPARATION = 1  # to be raised when the same corpus would be read, split or encoded differently


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
    make_folder(note.parent)
    write_durably(note, json.dumps({"fingerprint": fingerprint}).encode())
    return open_dataset(fingerprint, cache=cache)


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
                _save(folder / f"{side}.npy", tokens)
                _save(folder / f"{side}_starts.npy", starts)
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


def _save(file: Path, array: Tokens | npt.NDArray[np.int64]) -> None:
    # `np.save` to a file hides what the disk answered: a full one is an OSError without a number.
    buffer = io.BytesIO()
    np.save(buffer, array)
    file.write_bytes(buffer.getbuffer())
