"""A table's file as UTF-8 text."""

from pathlib import Path

from isoflop.errors import BadInput


def read_text(path: Path) -> str:
    """The text of a file, without a byte-order mark. Raises `BadInput` where it cannot be read or is not UTF-8."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadInput(f"The table {path} could not be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"The table {path} is not UTF-8 text (byte {error.start}). Save it in UTF-8.") from error
    except ValueError as error:  # no path: a zero byte inside
        raise BadInput(f"The table {str(path)!r} could not be read: {error}.") from error
