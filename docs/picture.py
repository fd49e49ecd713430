"""Takes a picture of a page of ours for the docs: its verdict and two of its figures, in headless Chromium.

    python docs/picture.py runs/quickstart/report.html docs/images/report.png    # or: make picture
    python docs/picture.py fit.html docs/images/fit.png loss-against-size best-size

The figures are named as their files are; without names they are the report's isoFLOP curves and its forecast. The page
is its own, in light colours, with the other sections left out. Where there is no browser, nothing is
made, and it says so.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
WIDTH = 1080  # CSS pixels, taken at twice the density
SHOWN = ("isoflop-curves", "loss-against-compute")
STYLE = """
main>section:not(:has(.pictures)), nav, footer, .save, #pictures {display:none!important}
.pictures figure:not(:is(SHOWN)) {display:none}
.pictures {margin-top:0!important; padding-bottom:1.5rem; gap:2.6rem}
header {padding-top:1.6rem!important}
"""
MEASURE = """<script>
document.documentElement.dataset.height = Math.ceil(document.body.getBoundingClientRect().height)
</script>"""


def take(browser: str, report: Path, picture: Path, shown: Sequence[str] = SHOWN) -> None:
    """Write the picture of a page with the figures `shown`; raises `CalledProcessError` where the browser fails."""
    # The page's own policy forbids scripts; the copy that is measured needs one.
    page = re.sub(r"<meta http-equiv[^>]*>", "", report.read_text(encoding="utf-8"))
    if missing := [name for name in shown if f'<figure id="{name}"' not in page]:
        sys.exit(f"{report} has no figure {', '.join(missing)}.")
    style = STYLE.replace("SHOWN", ", ".join(f"#{name}" for name in shown))
    page = page.replace("</head>", f"<style>{style}</style></head>").replace("</body>", f"{MEASURE}</body>")
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "page.html"
        copy.write_text(page, encoding="utf-8")
        sandbox = ["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else []
        command = [
            browser, "--headless", *sandbox, "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
            "--blink-settings=preferredColorScheme=1", f"--user-data-dir={Path(folder) / 'profile'}",
            "--virtual-time-budget=2000", "--force-device-scale-factor=2",
        ]  # fmt: skip
        ask = [*command, f"--window-size={WIDTH},2000", "--dump-dom", copy.as_uri()]
        document = subprocess.run(ask, capture_output=True, text=True, check=True, timeout=120).stdout
        height = re.search(r'data-height="(\d+)"', document)
        if height is None:
            sys.exit(f"{browser} did not say how high {report} is.")
        picture.parent.mkdir(parents=True, exist_ok=True)
        shot = [*command, f"--window-size={WIDTH},{height[1]}", f"--screenshot={picture.resolve()}", copy.as_uri()]
        subprocess.run(shot, capture_output=True, check=True, timeout=120)


def main(report: str, picture: str, *shown: str) -> None:
    """Take it, or say why not."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        print(f"No picture taken: none of {', '.join(BROWSERS)} is on the PATH.")
        return
    if not Path(report).is_file():
        sys.exit(f"{report} is not there. Make it first: make run")
    take(browser, Path(report), Path(picture), shown or SHOWN)
    print(f"Wrote {picture}, {Path(picture).stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
