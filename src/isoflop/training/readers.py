"""Documents from files: plain text (one document a file), JSONL and Parquet (one a row, in a named text field)."""

import difflib
import glob
import hashlib
import importlib.util
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from isoflop.errors import BadInput, MissingExtra, StorageError

JSONL = (".jsonl", ".ndjson")
PARQUET = (".parquet",)
PROBLEMS_SHOWN = 5


@dataclass(frozen=True)
class Texts:
    """Documents as read, in the order of their files, with what could not be read as it stood."""

    texts: tuple[str, ...]
    n_not_utf8: int = 0
    """documents with bytes that are no UTF-8; each such byte became U+FFFD"""
    n_binary: int = 0
    """files left out because they hold zero bytes, so are no text"""


def find_files(path: str) -> tuple[Path, ...]:
    """The files a folder (recursively, hidden ones left out), a glob or a file name stands for, in a fixed order."""
    expanded = str(Path(path).expanduser())
    here = Path(expanded)
    if here.is_dir():
        found = [file for file in here.rglob("*") if not any(p.startswith(".") for p in file.relative_to(here).parts)]
    else:
        found = [here] if here.is_file() else [Path(name) for name in glob.glob(expanded, recursive=True)]  # noqa: PTH207  also absolute
    files = tuple(sorted(file for file in found if file.is_file()))
    if not files:
        raise BadInput(
            f"corpus.path = {path!r}: no files there. Give a folder, a file or a glob like 'texts/**/*.txt'."
        )
    return files


def stamp(files: Sequence[Path], *also: str) -> str:
    """A fingerprint of names, sizes and times of change: cheap to take, and different when a file was edited."""
    digest = hashlib.sha256("\0".join(also).encode())
    for file in files:
        about = file.stat()
        digest.update(f"\n{file}\0{about.st_size}\0{about.st_mtime_ns}".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def read_files(files: Iterable[Path], field: str) -> Texts:
    """All documents of the files, by suffix; raises `BadInput` with the first problems, each with its file and line."""
    texts: list[str] = []
    problems: list[str] = []
    n_not_utf8 = n_binary = 0
    for file in files:
        if file.suffix.lower() in PARQUET:
            found: Iterable[tuple[str, bool]] = _parquet(file, field)
        else:
            try:
                raw = file.read_bytes()
            except OSError as error:
                raise StorageError(f"{file} could not be read: {error.strerror}. Make it readable.") from error
            if b"\0" in raw[:8192]:
                n_binary += 1
                continue
            found = _jsonl(file, raw, field, problems) if file.suffix.lower() in JSONL else (as_text(raw),)
        for text, whole in found:
            n_not_utf8 += not whole
            if text.strip():
                texts.append(text)
        if len(problems) >= PROBLEMS_SHOWN:
            break
    if problems:
        raise BadInput(problems[:PROBLEMS_SHOWN])
    return Texts(tuple(texts), n_not_utf8, n_binary)


def as_text(value: bytes | str) -> tuple[str, bool]:
    """The text, and whether it was proper UTF-8: a byte (or a lone surrogate of JSON) that is not becomes U+FFFD."""
    raw = value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
    try:
        return raw.decode("utf-8-sig"), True
    except UnicodeDecodeError:
        return raw.decode("utf-8-sig", "replace"), False


def _jsonl(file: Path, raw: bytes, field: str, problems: list[str]) -> Iterator[tuple[str, bool]]:
    for number, line in enumerate(raw.split(b"\n"), 1):
        if not line.strip():
            continue
        where = f"{file}, line {number}"
        line_text, line_whole = as_text(line)
        try:
            row = json.loads(line_text)
        except (json.JSONDecodeError, RecursionError) as error:
            problems.append(f"{where}: no JSON ({error}). A JSONL file holds one object a line.")
        else:
            if not isinstance(row, dict):
                problems.append(f"{where}: {type(row).__name__} instead of an object with the field {field!r}.")
            elif field not in row:
                problems.append(f"{where}: no field {field!r}{_instead(field, row)}")
            elif not isinstance(row[field], str | None):
                problems.append(f"{where}: field {field!r} is {type(row[field]).__name__}, not text.")
            elif row[field]:
                text, whole = as_text(row[field])
                yield text, whole and line_whole
        if len(problems) >= PROBLEMS_SHOWN:
            return


def _parquet(file: Path, field: str) -> Iterator[tuple[str, bool]]:
    if importlib.util.find_spec("pyarrow") is None:
        raise MissingExtra(f"Reading {file.name}", "parquet")
    import pyarrow as arrow  # noqa: PLC0415  an extra, imported where it is used
    from pyarrow import parquet  # noqa: PLC0415

    try:
        with parquet.ParquetFile(file) as table:
            names = table.schema_arrow.names
            if field not in names:
                raise BadInput(f"{file}: no column {field!r}{_instead(field, names)}")
            kind = table.schema_arrow.field(field).type
            if not (arrow.types.is_string(kind) or arrow.types.is_large_string(kind)):
                raise BadInput(f"{file}: column {field!r} is {kind}, not text.")
            for batch in table.iter_batches(columns=[field]):
                yield from (as_text(text) for text in batch.column(0).to_pylist() if text)
    except arrow.ArrowInvalid as error:
        raise BadInput(f"{file} is no Parquet file: {str(error).splitlines()[0]}") from error


def _instead(field: str, names: Iterable[str]) -> str:
    names = [str(name) for name in names]
    near = difflib.get_close_matches(field, names, 1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(map(repr, names[:8])) or 'none'}."
