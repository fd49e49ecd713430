"""What a study's folder holds beside its records: the study as it was run, and the text and trainer of its runs."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from isoflop.designs.grid import Text
from isoflop.designs.study import Study
from isoflop.designs.writing import plain
from isoflop.errors import BadInput, StorageError
from isoflop.runs.durable import make_folder, write_durably

SCHEMA = 1
FREE = {"run.workers"}  # where and how fast runs are trained, not which


@dataclass(frozen=True)
class Kept:
    """A study with all that decides its runs: the tokenised text, the trainer's version; about describes the text."""

    study: Study
    text: Text
    trainer: str
    about: dict[str, Any] = field(default_factory=dict, compare=False)

    def write(self, folder: Path) -> None:
        """Write study.toml and text.json, with which the study can be gone through again without its text."""
        make_folder(folder)
        inputs = {"schema": SCHEMA, "trainer": self.trainer, "text": asdict(self.text), "about": self.about}
        write_durably(folder / "text.json", (json.dumps(inputs, indent=1, ensure_ascii=False) + "\n").encode())
        write_durably(folder / "study.toml", self.study.to_toml(comments=True).encode())


def kept_study(folder: Path) -> Kept:
    """What a folder holds. Raises `BadInput` where that is no study, `StorageError` where it is not whole."""
    if not (folder / "study.toml").exists():
        there = "There is no study in" if folder.is_dir() else "There is no folder"
        raise BadInput(f"{there} {folder}. Run one there: isoflop run STUDY --out {folder}")
    study = Study.from_toml(folder / "study.toml")
    try:
        inputs = json.loads((folder / "text.json").read_text(encoding="utf-8"))
        return Kept(study, Text(**inputs["text"]), str(inputs["trainer"]), dict(inputs["about"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(
            f"{folder / 'text.json'} is missing or broken ({error}). "
            f"Run the study again, its finished runs are kept: isoflop run {folder / 'study.toml'} --out {folder}"
        ) from error


def changes(old: Kept, new: Kept) -> list[str]:
    """How two differ in what decides the runs or the forecast, a sentence each."""
    before, after = _flat(plain(old.study)), _flat(plain(new.study))
    found = [
        f"{key} was {before.get(key, 'not set')}, now {after.get(key, 'not set')}"
        for key in sorted({*before, *after} - FREE)
        if before.get(key) != after.get(key)
    ]
    if old.text != new.text:
        found.append(
            f"the text had fingerprint {old.text.corpus[:12]}, now {new.text.corpus[:12]} (python-stdlib is that of "
            "the running Python, a path that of the files there)"
        )
    if old.trainer != new.trainer:
        found.append(f"the trainer was {old.trainer}, now {new.trainer}")
    return found


def settle(folder: Path, study: Study, make: Callable[[Study], Kept], say: Callable[[str], None]) -> Kept:
    """What the folder keeps, if it is this study; else what make makes of the study. Nothing is written.

    Raises `BadInput` where the folder is another study's, or its forecast is of this one as it was.
    """
    if not (folder / "study.toml").exists():
        return make(study)
    try:
        old = kept_study(folder)
    except StorageError as error:
        say(str(error))
        return make(study)
    as_it_was = replace(old, study=study)
    if not (changed := changes(old, as_it_was)):
        return as_it_was
    sealed = (folder / "forecast.json").exists()
    if sealed or old.study.name != study.name:
        why = "whose forecast is written already, and never rewritten" if sealed else "which is another one"
        way_out = f"or go on with that one: isoflop run {folder / 'study.toml'} --out {folder}"
        said = f"{folder} holds the study {old.study.name!r}, {why}. Run this one with another --out, {way_out}"
        raise BadInput([said, *(f"it differs: {change}" for change in changed)])
    say(f"The study has changed; runs that are in it as before are not trained again: {'; '.join(changed)}.")
    return make(study)


def refuse_changes(old: Kept, new: Kept, folder: Path) -> None:
    """Raise `BadInput` where the text or the trainer is no longer that of the runs in the folder."""
    if changed := changes(old, new):
        problems = [f"Runs in {folder} cannot be added to: {change}." for change in changed]
        raise BadInput([*problems, "Restore what was, or run the study with another --out."])


def _flat(nested: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in nested.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat
