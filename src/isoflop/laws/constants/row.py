"""One published set of constants, and what the tags say of how well it was checked."""

from collections.abc import Mapping
from dataclasses import dataclass

from isoflop.laws.law import About

TAGS: Mapping[str, str] = {
    "V": "read in the paper",
    "V2": "read in a text that transcribes the paper",
    "C": "read in the authors' code or data",
    "D": "derived from the others",
    "M": "from memory: unverified",
}


@dataclass(frozen=True)
class Published:
    """Constants of a form, unrounded, with their source (`About`)."""

    form: str
    values: Mapping[str, float]
    about: About
