"""What can go wrong, each with the exit code a script can use.

0 done; 1 no result; 2 bad input; 3 some runs failed; 130 interrupted.
"""

from collections.abc import Sequence


class IsoflopError(Exception):
    """Something the user can understand and mend; printed without a traceback."""

    exit_code = 1


class BadInput(IsoflopError):
    """The input is not usable; carries every problem found, not only the first."""

    exit_code = 2

    def __init__(self, problems: str | Sequence[str]):
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


class MissingExtra(BadInput):
    """An optional dependency is needed; names the extra that brings it."""

    def __init__(self, what: str, extra: str):
        super().__init__(f"{what} needs the extra `{extra}`. Install it with: pip install 'isoflop[{extra}]'")


class FitError(IsoflopError):
    """A fit has no result at all (a doubtful result is a status, not an error)."""


class StorageError(IsoflopError):
    """A file could not be written or read back; finished records are intact."""


class DownloadError(IsoflopError):
    """A corpus could not be fetched, or what came is not what was pinned."""


class RunsFailed(IsoflopError):
    """Some runs failed; the others are kept."""

    exit_code = 3


class Interrupted(IsoflopError):
    """The user stopped the work; says how to go on."""

    exit_code = 130
