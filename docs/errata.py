"""Writes docs/errata.md and docs/inconsistencies.md; tests/test_errata.py renders them again.

python docs/errata.py
"""

from pathlib import Path

from isoflop.errata.table import errata_page, inconsistencies_page

HERE = Path(__file__).resolve().parent
PAGES = {HERE / "errata.md": errata_page, HERE / "inconsistencies.md": inconsistencies_page}

if __name__ == "__main__":
    for path, page in PAGES.items():
        path.write_text(page(), encoding="utf-8")
        print(f"Wrote docs/{path.name}")
