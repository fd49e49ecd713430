"""A doubt looked into: its name, a verdict, and a sentence with the numbers."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What a check says."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Check:
    """One doubt looked into: its name, the verdict, and a sentence with the numbers."""

    name: str
    verdict: Verdict
    message: str
