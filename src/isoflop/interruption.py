"""Ctrl-C at any moment: while libraries import, compile or collect garbage, it still ends the command, and quietly."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

AGAIN_SECONDS = 0.05


class Interruption:
    """Whether Ctrl-C was pressed; from `watch` on it is never lost."""

    def __init__(self) -> None:
        self.came = False
        self._unraisable: Callable[[Any], Any] = sys.unraisablehook

    def watch(self) -> None:
        """Begin. Only the main thread hears signals; elsewhere nothing changes."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._came)
            sys.unraisablehook = self._again

    def end(self) -> None:
        """From here on the process only ends: another Ctrl-C must not print anything any more."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _came(self, _: int, __: FrameType | None) -> None:
        self.came = True
        raise KeyboardInterrupt

    def _again(self, ignored: Any) -> None:
        """Where Python may not raise, as in what JAX does at a collection of garbage, it drops it: send it again."""
        if issubclass(ignored.exc_type, KeyboardInterrupt):
            threading.Timer(AGAIN_SECONDS, os.kill, (os.getpid(), signal.SIGINT)).start()
        else:
            self._unraisable(ignored)
