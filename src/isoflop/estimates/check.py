"""A doubt looked into: its name, a verdict, and a sentence with the numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self


class Verdict(StrEnum):
    """What a check says."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Check:
    """One doubt looked into: its name, the verdict, and a sentence with the numbers.

    rows: the runs that it speaks against, numbered as in the table; empty where it is about all.
    """

    name: str
    verdict: Verdict
    message: str
    rows: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """{"name", "verdict", "message"}, and "rows" where it has some."""
        told = {"name": self.name, "verdict": str(self.verdict), "message": self.message}
        return told | ({"rows": list(self.rows)} if self.rows else {})

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(values["name"], Verdict(values["verdict"]), values["message"], tuple(values.get("rows", ())))
