"""Ctrl-C at any moment ends a command at once: nothing that is kept can be half written, so nothing needs tidying."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

EXIT_CODE = 130
SHOW_CURSOR = "\x1b[?25h"


@contextmanager
def ends_at_once(message: str) -> Iterator[None]:
    """While the block runs, Ctrl-C prints message and ends the process with exit code 130.

    No exception is raised: one in the middle of an import ended in a segmentation fault, one during a collection of
    garbage was dropped. Files are whole or absent (`runs.durable`), workers end when their pipe closes. Training takes
    Ctrl-C itself, and only passes the second one on (`executors.sweep`). Signals reach the main thread alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(_: int, __: FrameType | None) -> None:
        # Not print: that may be what was interrupted. Whoever read may be gone.
        with suppress(OSError):
            os.write(2, f"{SHOW_CURSOR if os.isatty(2) else ''}\n{message}\n".encode())
        os._exit(EXIT_CODE)

    before = signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
