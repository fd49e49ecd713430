"""A page that cannot be written is refused before anything is computed, with what to do."""

import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from conftest import Shell
from isoflop.commands.say import say, writable

COMMANDS = {"plan": ("plan", "--flops", "1e22"), "fit": ("fit", "runs.csv"), "models": ("models",)}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("page", "said"),
    [
        (".", ". is a folder. Name a file in it, such as plan.html"),
        ("absent/plan.html", "there is no folder absent. Make it, or choose another"),
        ("notes.txt/plan.html", "there is no folder notes.txt"),
        ("pipe", "pipe is no file but a device or a pipe"),
        (f"{300 * 'x'}.html", "cannot be written: File name too long. Choose another place"),
    ],
)
def test_no_command_begins_for_a_page_that_cannot_be_written(
    isoflop: Shell, command: str, page: str, said: str
) -> None:
    (isoflop.folder / "notes.txt").write_text("mine")
    os.mkfifo(isoflop.folder / "pipe")
    refused = isoflop(*COMMANDS[command], "--html", page)
    assert refused.returncode == 2
    assert said in refused.stderr
    assert refused.stdout == ""
    assert sorted(each.name for each in isoflop.folder.iterdir()) == ["notes.txt", "pipe"]
    assert (isoflop.folder / "pipe").is_fifo()


def test_a_page_may_be_new_or_replace_a_file_or_not_be_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.html").write_text("old")
    for path in (None, "", "plan.html", str(tmp_path / "plan.html"), "old.html"):
        writable(path)
    assert (tmp_path / "old.html").read_text() == "old"


AS_ANYONE = """
import os, sys, tempfile
from pathlib import Path
from isoflop.commands.say import writable
from isoflop.errors import BadInput
if os.getuid() == 0:
    os.setuid(65534)
with tempfile.TemporaryDirectory() as folder:
    kept = Path(folder, "plan.html")
    kept.write_text("kept")
    kept.chmod(0o444)
    for path in ("/plan.html", str(kept)):
        try:
            writable(path)
        except BadInput as bad:
            print(str(bad).replace(folder, "FOLDER"))
"""


def test_what_is_not_the_user_s_to_write_is_refused() -> None:
    """A folder of another's and a file made read-only, in a process that gives up being root where it is."""
    told = subprocess.run([sys.executable, "-c", AS_ANYONE], capture_output=True, text=True, check=True)
    ending = "cannot be written: you have no right to. Choose another place."
    assert told.stdout.splitlines() == [f"/plan.html {ending}", f"FOLDER/plan.html {ending}"]


@pytest.mark.parametrize(("json", "printed"), [(False, "words\n"), (True, '{"schema": 1, "loss": 2.1, "unit": "×"}\n')])
def test_a_command_ends_with_words_or_json(capsys: pytest.CaptureFixture[str], json: bool, printed: str) -> None:
    assert say(Namespace(json=json), {"loss": 2.1, "unit": "×"}, "words") == 0
    assert capsys.readouterr().out == printed
