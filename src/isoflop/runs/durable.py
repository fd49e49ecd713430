"""Files that are whole or not there: written beside, flushed to the disk, then renamed."""

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from isoflop.errors import StorageError

WAYS_OUT = {
    errno.ENOSPC: "The disk is full. Make room",
    errno.EDQUOT: "Your quota of disk space is used up. Make room",
    errno.EACCES: "The folder is not yours to write in. Change its permissions or choose another folder",
    errno.EPERM: "The folder is not yours to write in. Change its permissions or choose another folder",
    errno.EROFS: "The disk is read-only. Choose another folder",
    errno.ENOTDIR: "A part of this path is a file, not a folder. Choose another folder",
    errno.EEXIST: "A file is where the folder should be. Move it away or choose another folder",
    errno.EISDIR: "A folder is where the file should be. Move it away",
    errno.EFBIG: "The file is larger than is allowed here. Raise the limit (`ulimit -f`) or choose another disk",
}


def storage_error(what: str, path: Path, error: OSError) -> StorageError:
    """What could not be done, to which path, why, and the way out."""
    way_out = WAYS_OUT.get(error.errno or 0, f"{error.strerror or error}. Mend that")
    return StorageError(f"{what} {path}: {way_out}, then run the same command again; what is finished is kept.")


def make_folder(folder: Path) -> None:
    """Make a folder and its parents. Raises `StorageError` with the way out."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error("Could not make the folder", folder, error) from error


def write_durably(path: Path, content: bytes) -> None:
    """Put content at path in one durable commit: nobody ever reads half a file, not even after a power cut.

    Raises `StorageError`, with the way out, leaving what was there before as it was.
    """
    temporary = ""
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())  # noqa: PTH101 – mkstemp makes private files, results are to be shared
        os.replace(temporary, path)  # noqa: PTH105 – the one atomic rename
        _flush_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            Path(temporary).unlink()
        raise storage_error("Could not write", path, error) from error


def _flush_folder(folder: Path) -> None:
    """Make the rename itself durable, where folders can be opened (not on Windows)."""
    with suppress(PermissionError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
