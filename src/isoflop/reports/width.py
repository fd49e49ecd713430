"""How many columns a screen of text may take."""

from shutil import get_terminal_size

WIDEST = 100  # longer lines are hard to read; a narrower terminal is kept to
NARROWEST = 60


def width() -> int:
    """Columns to write in: the terminal's, within bounds; `WIDEST` where there is none."""
    return max(NARROWEST, min(WIDEST, get_terminal_size((WIDEST, 24)).columns))
