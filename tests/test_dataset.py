"""A corpus is prepared once, whole or not at all, and its windows cover the text without repetition."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from isoflop.errors import BadInput, StorageError
from isoflop.training.dataset import Dataset, open_dataset
from isoflop.training.prepare import prepare
from isoflop.training.windows import evaluation_windows, n_windows, windows
from made_texts import document

CONTEXT = 32


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    folder = tmp_path / "texts"
    folder.mkdir()
    rows = [{"text": document(i, 20 + i % 50).decode()} for i in range(300)]
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [*rows, rows[7]]), encoding="utf-8")
    return folder


@pytest.fixture
def dataset(texts: Path, tmp_path: Path) -> Dataset:
    return prepare(path=str(texts), held_out=0.1, seed=1, cache=tmp_path / "cache")


def test_all_text_is_in_one_of_the_sides(dataset: Dataset) -> None:
    assert dataset.reading.n_read == 301
    assert dataset.reading.n_repeated == 1
    assert dataset.n_documents == 300
    assert dataset.vocab_size == len(set(b"0123456789abcdef ")) + 2
    found = []
    for side in (dataset.train, dataset.held_out):
        found += [dataset.tokenizer.decode(side.tokens[a:b]).encode() for a, b in itertools.pairwise(side.starts)]
        assert side.bytes_per_token == pytest.approx(side.n_bytes / (side.n_bytes + side.n_documents))
    assert sorted(found) == sorted(document(i, 20 + i % 50) for i in range(300))
    assert sum(map(len, found)) == dataset.n_bytes
    assert dataset.held_out.n_bytes / dataset.n_bytes == pytest.approx(0.1, abs=0.01)


def test_what_is_prepared_is_opened_and_only_read(dataset: Dataset, texts: Path, tmp_path: Path) -> None:
    said: list[str] = []
    again = prepare(path=str(texts), held_out=0.1, seed=1, cache=tmp_path / "cache", say=said.append)
    assert not said, "the second time nothing is read"
    assert (
        again.fingerprint
        == dataset.fingerprint
        == open_dataset(dataset.fingerprint, cache=tmp_path / "cache").fingerprint
    )
    assert isinstance(again.train.tokens, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        again.train.tokens[0] = 1


def test_the_fingerprint_is_of_the_tokens_not_of_the_place(dataset: Dataset, texts: Path, tmp_path: Path) -> None:
    moved = texts.rename(tmp_path / "elsewhere")
    elsewhere = prepare(path=str(moved), held_out=0.1, seed=1, cache=tmp_path / "cache 2")
    assert elsewhere.fingerprint == dataset.fingerprint
    other_seed = prepare(path=str(moved), held_out=0.1, seed=2, cache=tmp_path / "cache 2")
    pairs = prepare(path=str(moved), held_out=0.1, seed=1, tokenizer="bpe", vocab_size=270, cache=tmp_path / "cache 2")
    assert len({dataset.fingerprint, other_seed.fingerprint, pairs.fingerprint}) == 3
    assert pairs.vocab_size == 270
    assert pairs.train.bytes_per_token > 1


@pytest.mark.parametrize("file", ["train.npy", "held_out_starts.npy", "dataset.json"])
def test_a_damaged_cache_is_made_anew(dataset: Dataset, texts: Path, tmp_path: Path, file: str) -> None:
    damaged = dataset.folder / file
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StorageError, match="Run the study again"):
        open_dataset(dataset.fingerprint, cache=tmp_path / "cache")
    prepare(path=str(texts), held_out=0.1, seed=1, cache=tmp_path / "cache")
    assert damaged.read_bytes() == whole


def test_too_few_documents_are_refused_with_the_numbers(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("one document is both sides or neither", encoding="utf-8")
    with pytest.raises(BadInput, match=r"1 different documents with 37 bytes.*1 would be trained on, 0 held out"):
        prepare(path=str(tmp_path / "one.txt"), cache=tmp_path)
    with pytest.raises(BadInput, match=r"held_out = 1\.5"):
        prepare(path=str(tmp_path / "one.txt"), held_out=1.5, cache=tmp_path)


def test_windows_cover_the_training_stream_once(dataset: Dataset) -> None:
    there = n_windows(dataset, CONTEXT)
    got = windows(dataset, CONTEXT, 0, there)
    stream = np.asarray(dataset.train.tokens)
    expected = [stream[i * CONTEXT : (i + 1) * CONTEXT + 1].tolist() for i in range(there)]
    assert sorted(got.tolist()) == sorted(expected)
    assert got.tolist() != expected
    assert got.shape == (there, CONTEXT + 1)


def test_windows_follow_the_data_seed_and_can_be_read_in_parts(dataset: Dataset) -> None:
    whole = windows(dataset, CONTEXT, 5, 40)
    parts = [windows(dataset, CONTEXT, 5, 15, start=0), windows(dataset, CONTEXT, 5, 25, start=15)]
    assert np.array_equal(whole, np.concatenate(parts))
    assert not np.array_equal(whole, windows(dataset, CONTEXT, 6, 40))


def test_repeating_tokens_must_be_allowed_and_then_takes_a_new_order(dataset: Dataset) -> None:
    there = n_windows(dataset, CONTEXT)
    with pytest.raises(BadInput, match=rf"{there + 1:,} sequences .* has {there:,} .*allow_repeats = true"):
        windows(dataset, CONTEXT, 0, there + 1)
    twice = windows(dataset, CONTEXT, 0, 2 * there, allow_repeats=True)
    first, second = twice[:there], twice[there:]
    assert sorted(first.tolist()) == sorted(second.tolist())
    assert first.tolist() != second.tolist()
    across = windows(dataset, CONTEXT, 0, 20, start=there - 10, allow_repeats=True)
    assert np.array_equal(across, twice[there - 10 : there + 10])
    assert windows(dataset, CONTEXT, 0, 0, start=there).shape == (0, CONTEXT + 1)


@pytest.mark.parametrize("left_out", [0, 1, CONTEXT, 1000])
def test_evaluation_targets_are_held_out_tokens_each_at_most_once(dataset: Dataset, left_out: int) -> None:
    side = dataset.held_out
    wanted = side.n_tokens - 1 - left_out
    chosen = evaluation_windows(dataset, CONTEXT, wanted)
    assert chosen.n_targets == wanted
    targets, documents = chosen.windows[:, 1:][chosen.mask], chosen.documents[chosen.mask]
    stream, owners = np.asarray(side.tokens), np.repeat(np.arange(side.n_documents), np.diff(side.starts))
    pairs, counts = np.unique(np.stack([targets, documents]), axis=1, return_counts=True)
    for (token, owner), count in zip(pairs.T, counts, strict=True):
        assert count <= np.count_nonzero((stream[1:] == token) & (owners[1:] == owner))
    if left_out == 0:
        assert np.bincount(documents).tolist() == np.bincount(owners[1:]).tolist()


def test_evaluation_is_fixed_and_refused_when_too_large(dataset: Dataset) -> None:
    first, again = evaluation_windows(dataset, CONTEXT, 640), evaluation_windows(dataset, CONTEXT, 640)
    assert np.array_equal(first.windows, again.windows)
    assert first.windows.shape == (20, CONTEXT + 1)
    assert first.mask.all()
    assert len(np.unique(first.documents)) > 10, "windows are spread over the held-out documents"
    with pytest.raises(BadInput, match=rf"holds out {dataset.held_out.n_tokens - 1:,} tokens"):
        evaluation_windows(dataset, CONTEXT, dataset.held_out.n_tokens)
