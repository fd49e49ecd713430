"""Writes what the coverage benchmark found into docs/fitting.md; tests/test_docs.py renders it again.

python docs/coverage.py  # after: make bench-coverage
"""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benches" / "results" / "coverage.json"
PAGE = ROOT / "docs" / "fitting.md"
BEGIN, END = "<!-- coverage: written by docs/coverage.py -->\n", "<!-- end of coverage -->"
WORLDS = {
    "chinchilla": "Chinchilla's law",
    "diverged": "the same, 5 % of the runs diverged",
    "farseer": "Farseer's form",
    "kaplan": "Kaplan's form",
    "break": "a break in the exponent",
    "undertuned": "undertuning that drifts with C",
}


def table(found: Mapping[str, Any]) -> str:
    """Coverage and median width by kind of world, beside the bootstrap of Chinchilla's law alone."""
    lines = [
        f"Of {found['worlds']:,} planted worlds of each kind, the share whose truth at 100 times the largest compute "
        f"lies in the {found['level']:.0%} interval of `choose`, and that interval's median width (of logarithms). "
        "Beside it the same share for a bootstrap of Chinchilla's law alone, as it is usually done, in the first 100:",
        "",
        "| runs made by | N_opt | D_opt | loss | width of N_opt | width of loss | bootstrap alone: N_opt | loss |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for kind in found["kinds"]:
        ours, theirs = kind["choice"], kind["bootstrap"]
        shares = [f"{ours[name]['coverage']:.1%}" for name in ("n_params", "tokens", "loss")]
        widths = [f"{100 * ours[name]['width']:.3g} %" for name in ("n_params", "loss")]
        alone = [f"{theirs[name]['coverage']:.0%}" for name in ("n_params", "loss")]
        lines.append(f"| {WORLDS[kind['kind']]} | " + " | ".join((*shares, *widths, *alone)) + " |")
    return "\n".join(lines) + "\n"


def with_table(page: str, rendered: str) -> str:
    """The page's text with this table between its two marks."""
    text, count = re.subn(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: BEGIN + rendered + END, page, flags=re.S)
    if count != 1:
        sys.exit(f"{PAGE.name} must have {BEGIN.strip()} and {END} once; found them {count} times.")
    return text


if __name__ == "__main__":
    found = json.loads(RESULTS.read_text(encoding="utf-8"))
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), table(found)), encoding="utf-8")
    print(f"Renewed the table in {PAGE.relative_to(ROOT)}")
