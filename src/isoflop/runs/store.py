"""A folder of records: each a durable commit of its own, its curve beside it; an index that can always be rebuilt."""

import io
import json
import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from isoflop.errors import BadInput, IsoflopError, StorageError
from isoflop.runs.durable import make_folder, storage_error, write_durably
from isoflop.runs.record import Curve, Record, Status

RUN_ID = re.compile(r"[0-9a-f]{16}")
SUMMARY = ("run_id", "status", "loss", "flops", "tokens", "seconds", "note")


class Store:
    """The records of a study: `records/<run id>.json` and `.npz`, made where they are missing.

    A record that is not whole is never returned; `problems` names it, and its run is trained again.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self._records = self.folder / "records"
        self._index = self.folder / "index.json"

    @property
    def scratch(self) -> Path:
        """Where trainers keep checkpoints and logs; made when asked for."""
        make_folder(self.folder / "scratch")
        return self.folder / "scratch"

    def write(self, record: Record) -> None:
        """Keep a record for good. A finished run is never replaced; a failed one is, when it was tried again.

        Raises `StorageError`, with the way out, on a full disk or an unwritable folder; other records stay as they are.
        """
        there = self.get(record.run.id)
        if there is not None and there.status is not Status.FAILED:
            return
        make_folder(self._records)
        curve = io.BytesIO()
        np.savez_compressed(curve, **vars(record.curve))
        write_durably(self._curve_path(record.run.id), curve.getvalue())
        content = json.dumps(record.to_json(), indent=1, allow_nan=False, ensure_ascii=False)
        write_durably(self._record_path(record.run.id), content.encode())  # the commit: a curve alone is nothing

    def get(self, run_id: str) -> Record | None:
        """The record of a run; None where there is no whole one."""
        if not RUN_ID.fullmatch(run_id):
            raise BadInput(f"{run_id!r} is not the id of a run; ids are 16 digits of 0-9 and a-f.")
        path = self._record_path(run_id)
        if not path.exists():
            return None
        try:
            return self._read(path)
        except IsoflopError:
            return None

    def records(self) -> list[Record]:
        """All whole records, by budget, then size, then seed."""
        return self._read_all()[0]

    def problems(self) -> tuple[str, ...]:
        """What is broken: each file by name, why, and what follows."""
        return self._read_all()[1]

    def index(self) -> list[dict[str, Any]]:
        """Status, loss, FLOPs, tokens, seconds, role and budget of each whole record, without reading all files again.

        Only files that are new or changed since the index was written are read; a lost or broken index is rebuilt.
        """
        old = self._old_index()
        new = {}
        for path in self._paths():
            stat = path.stat()
            stamp = [stat.st_mtime_ns, stat.st_size]
            entry = old.get(path.stem)
            if not (isinstance(entry, dict) and entry.get("stamp") == stamp and isinstance(entry.get("summary"), dict)):
                entry = {"stamp": stamp, "summary": self._summary(path)}
            if entry["summary"]:
                new[path.stem] = entry
        if new != old:
            with suppress(StorageError):  # a folder that is only read needs no index
                write_durably(self._index, json.dumps(new).encode())
        return [entry["summary"] for entry in new.values()]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for one process; the lock ends with it, however it ends. Raises `StorageError` if held."""
        import fcntl  # noqa: PLC0415 – not on Windows, where reading a store must work

        make_folder(self.folder)
        path = self.folder / ".lock"
        try:
            file = path.open("a+")
        except OSError as error:
            raise storage_error("Could not write", path, error) from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.seek(0)
                raise StorageError(
                    f"Another isoflop (process {file.read().strip() or 'unknown'}) is at work in {self.folder}. "
                    "Wait for it, stop it, or choose another folder."
                ) from None
            with suppress(OSError):
                file.truncate(0)
                file.write(str(os.getpid()))
                file.flush()
            for left_over in self.folder.glob("**/.*.tmp"):  # of a process that was killed while it wrote
                left_over.unlink(missing_ok=True)
            try:
                yield
            finally:
                with suppress(OSError):
                    file.truncate(0)

    def at_work(self) -> str:
        """The id of the process that holds the folder (see `locked`), "" where none does. Takes no lock itself."""
        try:
            pid = (self.folder / ".lock").read_text(encoding="utf-8").strip()
            os.kill(int(pid), 0)
        except PermissionError:  # it lives, and is another user's
            return pid
        except (OSError, ValueError):  # nobody ever held it, or who did has let go or died
            return ""
        return pid

    def _paths(self) -> list[Path]:
        return sorted(path for path in self._records.glob("*.json") if RUN_ID.fullmatch(path.stem))

    def _record_path(self, run_id: str) -> Path:
        return self._records / f"{run_id}.json"

    def _curve_path(self, run_id: str) -> Path:
        return self._records / f"{run_id}.npz"

    def _read_all(self) -> tuple[list[Record], tuple[str, ...]]:
        records: list[Record] = []
        problems: list[str] = []
        for path in self._paths():
            try:
                records.append(self._read(path))
            except IsoflopError as error:
                problems.append(str(error))
        records.sort(key=lambda record: (record.run.budget, record.run.shape.n_params, record.run.init_seed))
        return records, tuple(problems)

    def _read(self, path: Path) -> Record:
        try:
            plain = json.loads(path.read_bytes())
            if not isinstance(plain, dict):
                raise BadInput("It holds no record.")
            record = Record.from_json(plain, self._read_curve(path.stem))
            if record.run.id != path.stem:
                raise BadInput(f"It holds the record of {record.run.id}.")
        except (OSError, ValueError, TypeError, KeyError, IsoflopError) as error:
            raise BadInput(f"{path} is not a whole record and its run will be trained again: {error}") from error
        return record

    def _read_curve(self, run_id: str) -> Curve:
        path = self._curve_path(run_id)
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return Curve(arrays["tokens"], arrays["train_loss"], arrays["learning_rate"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise BadInput(f"its curve {path.name} could not be read ({error}).") from error

    def _summary(self, path: Path) -> dict[str, Any]:
        try:
            record = self._read(path)
        except IsoflopError:
            return {}
        plain = record.to_json()
        summary = {name: plain[name] for name in SUMMARY}
        return {**summary, "role": record.run.role, "budget": record.run.budget, "n_params": record.run.shape.n_params}

    def _old_index(self) -> dict[str, Any]:
        try:
            old = json.loads(self._index.read_bytes())
        except (OSError, ValueError):
            return {}
        return old if isinstance(old, dict) else {}
