"""The command line: parse, call the command, turn what goes wrong into words and an exit code."""

import json
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module

from isoflop.interruption import ends_at_once

COMMANDS: Mapping[str, str] = {
    "init": "study",
    "run": "study",
    "status": "study",
    "report": "study",
    "fit": "fitting",
    "laws": "catalogue",
    "predict": "catalogue",
    "why": "catalogue",
    "plan": "planning",
    "models": "models",
}
"""The file of `commands/` that holds each; only that one is loaded."""


def main(arguments: Sequence[str] | None = None) -> int:
    """`isoflop`: its exit code is 0 done, 1 no result, 2 bad input, 3 some runs failed, 130 interrupted."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    again = f" What is finished is kept; the same command goes on: isoflop {shlex.join(given)}"
    try:
        with ends_at_once(f"isoflop: interrupted.{again if given[:1] == ['run'] else ''}"):
            code = _command(given)
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output is gone; what is still buffered must not fail again while Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _command(given: Sequence[str]) -> int:
    from isoflop.arguments import parser  # noqa: PLC0415
    from isoflop.errors import BadInput, IsoflopError  # noqa: PLC0415

    arguments = parser().parse_args(given)
    if arguments.command in ("run", "report", "fit"):
        _keep_compilations()
    command = getattr(import_module(f"isoflop.commands.{COMMANDS[arguments.command]}"), arguments.command)
    try:
        code: int = command(arguments)
        return code
    except BrokenPipeError:
        raise
    except (IsoflopError, OSError) as error:
        problems = list(error.problems) if isinstance(error, BadInput) else [str(error)]
        for problem in problems:
            print(f"isoflop: {problem}", file=sys.stderr)
        if arguments.json:
            print(json.dumps({"schema": 1, "error": type(error).__name__, "problems": problems}))
        return error.exit_code if isinstance(error, IsoflopError) else IsoflopError.exit_code


def _keep_compilations() -> None:
    """Whatever JAX compiles from here on is kept for later commands; said by environment, before it is imported."""
    from isoflop.training.cache import cache_folder  # noqa: PLC0415

    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache_folder() / "compiled"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")


if __name__ == "__main__":
    sys.exit(main())
