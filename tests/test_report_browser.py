"""The report's page in a real browser: no request leaves it, no complaint reaches the console, a phone can show it."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from conftest import Tiny
from isoflop.plans.answer import answer
from isoflop.plans.question import Question
from isoflop.plans.source import published_source
from isoflop.reports.findings import Findings
from isoflop.reports.fit_page import fit_page
from isoflop.reports.page import page
from isoflop.reports.plan_page import plan_page
from isoflop.reports.plan_parts import Part
from planted_analyses import FAILED, planted_analysis
from planted_findings import planted_findings

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
# The browser's own calls home, which no flag stops in every version; they carry nothing of the page.
OWN = ("clients2.google.com", "accounts.google.com", "update.googleapis.com", "optimizationguide-pa.googleapis.com",
       "content-autofill.googleapis.com", "redirector.gvt1.com", "edgedl.me.gvt1.com", "www.google.com",
       "android.clients.google.com", "safebrowsing.googleapis.com")  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> str:
    found = next((path for name in (*NAMES, MAC) if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser here: none of {', '.join(NAMES)} is on the PATH")
    return found


def planned() -> str:
    """A plan with all that may be limited, and a wide part."""
    part = Part.of("Others", [("Kaplan 2020, table 6",) + ("3.1 × 10²²",) * 9], columns=["FLOPs"] * 9)
    question = Question(flops=1e22, unique_tokens=1e11, inference_tokens=1e12)
    return plan_page(answer(question, published_source(None, repeats=True)), {"comparison": part})


class Visit:
    """What a headless browser made of a page: its document, its console, and the hosts it asked."""

    def __init__(self, browser: str, html: str, folder: Path, *flags: str):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "page.html").write_text(html, encoding="utf-8")
        log = folder / "net.json"
        sandbox = ["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else []
        command = [
            browser, "--headless", *sandbox, "--disable-gpu", "--disable-background-networking", "--disable-sync",
            "--disable-component-update", "--no-first-run", "--disable-extensions", "--disable-dev-shm-usage",
            f"--user-data-dir={folder / 'profile'}", "--host-resolver-rules=MAP * ~NOTFOUND", f"--log-net-log={log}",
            "--enable-logging=stderr", "--virtual-time-budget=2000", *flags, "--dump-dom",
            (folder / "page.html").as_uri(),
        ]  # fmt: skip
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        self.document = answer.stdout
        self.console = [line for line in answer.stderr.splitlines() if "CONSOLE" in line]
        addresses = (event.get("params", {}).get("url", "") for event in json.loads(log.read_text())["events"])
        asked = {urlsplit(address).hostname for address in addresses if address.startswith(("http", "ws"))}
        self.hosts = {host for host in asked if host and host not in OWN}


def test_the_page_opens_without_a_request_or_a_complaint(browser: str, tmp_path: Path) -> None:
    visit = Visit(browser, page(planted_findings()), tmp_path)
    assert "Every budget has a best size" in visit.document
    assert visit.console == []
    assert visit.hosts == set()


def test_the_page_of_a_study_that_was_trained_opens_as_quietly(browser: str, tmp_path: Path, tiny: Tiny) -> None:
    visit = Visit(browser, (tiny.folder / "report.html").read_text(encoding="utf-8"), tmp_path)
    assert "How each run learned" in visit.document
    assert (visit.console, visit.hosts) == ([], set())


def test_a_page_without_results_opens_as_quietly(browser: str, tmp_path: Path) -> None:
    visit = Visit(browser, page(Findings("<script>alert(1)</script>")), tmp_path)
    assert "nothing has been trained" in visit.document
    assert "&lt;script&gt;alert(1)" in visit.document
    assert (visit.console, visit.hosts) == ([], set())


def test_the_page_of_a_fit_opens_as_quietly(browser: str, tmp_path: Path) -> None:
    visit = Visit(browser, fit_page(planted_analysis()), tmp_path)
    assert "Runs and law, budget by budget" in visit.document
    assert (visit.console, visit.hosts) == ([], set())


def test_the_page_of_a_plan_opens_as_quietly(browser: str, tmp_path: Path) -> None:
    visit = Visit(browser, planned(), tmp_path)
    assert "How flat the optimum is" in visit.document
    assert (visit.console, visit.hosts) == ([], set())


def test_a_page_that_did_misbehave_would_be_caught(browser: str, tmp_path: Path) -> None:
    """The two tests above can fail: the same page with a picture from elsewhere, with and without its own guard."""
    html = page(Findings("probe")).replace("<main>", '<main><img src="https://example.invalid/x.png" alt="">')
    guarded = Visit(browser, html, tmp_path / "guarded")
    assert any("Content Security Policy" in line for line in guarded.console)
    assert guarded.hosts == set()
    bare = re.sub(r"<meta http-equiv[^>]*>", "", html).replace("<main>", "<main><script>throw Error('caught')</script>")
    open_page = Visit(browser, bare, tmp_path / "bare")
    assert any("caught" in line for line in open_page.console)
    assert open_page.hosts == {"example.invalid"}


@pytest.mark.parametrize(
    "made", [lambda: page(planted_findings()), lambda: fit_page(planted_analysis(FAILED)), planned]
)
def test_nothing_is_wider_than_a_phone(browser: str, tmp_path: Path, made: Callable[[], str]) -> None:
    """Measured by a script in a page around the report, 390 CSS pixels wide; wide tables scroll in their own box."""
    (tmp_path / "report.html").write_text(made(), encoding="utf-8")
    probe = (
        "<body><iframe id=f src=report.html width=390 height=900></iframe><p id=said></p><script>"
        "f.onload=()=>{const d=f.contentDocument.documentElement;"
        "said.textContent=`wide ${d.scrollWidth} of ${d.clientWidth}`}"
        "</script>"
    )
    visit = Visit(browser, probe, tmp_path, "--allow-file-access-from-files")
    found = re.search(r"wide (\d+) of (\d+)", visit.document)
    assert found, visit.console
    assert int(found[1]) <= int(found[2])
