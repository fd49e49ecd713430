"""Where downloads and tokenised corpora are kept, and how a file gets there whole."""

import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from isoflop.errors import StorageError


def cache_folder() -> Path:
    """`$ISOFLOP_CACHE`, else the platform's cache folder: `~/.cache/isoflop` on Linux. Nothing is created here."""
    chosen = os.environ.get("ISOFLOP_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "isoflop"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "isoflop"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "isoflop"


@contextmanager
def storing(what: str, folder: Path) -> Iterator[None]:
    """Turns what the disk may answer (full, read-only, not ours) into a `StorageError` with the way out."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        reason = "the disk is full" if full else error.strerror or str(error)
        raise StorageError(
            f"{what} could not be kept in {folder}: {reason}. "
            f"{'Free some space' if full else 'Make the folder writable'}, or set ISOFLOP_CACHE to another folder."
        ) from error


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """An empty folder to fill, renamed to `target` when the block ends well and removed when it does not.

    A reader therefore sees all files or none. If another process was faster, its folder is kept: a target is named by
    the fingerprint of its content, so both hold the same. A broken target must be removed by the caller first.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    filling = Path(tempfile.mkdtemp(prefix=".filling-", dir=target.parent))
    try:
        yield filling
        for file in filling.iterdir():
            flush(file)
        try:
            filling.rename(target)
        except OSError:
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(filling, ignore_errors=True)


def flush(file: Path) -> None:
    """Waits until the file's bytes are on the disk; else a rename may survive a power cut and its bytes not."""
    with file.open("rb+") as open_file:
        os.fsync(open_file.fileno())
