"""The papers that laws and constants come from, as BibTeX entries (`papers.bib`)."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from isoflop.errors import BadInput


@cache
def papers() -> Mapping[str, str]:
    """Every BibTeX entry by its key."""
    text = files("isoflop.laws").joinpath("papers.bib").read_text(encoding="utf-8")
    return dict(re.findall(r"^(?=@\w+\{([^,]+),)(.*?^\})", text, re.MULTILINE | re.DOTALL))


def bibtex(key: str) -> str:
    """The entry of a paper, to be pasted. Raises `BadInput` where there is none of this key."""
    if key not in papers():
        raise BadInput(f"No paper is called {key!r}. There are {', '.join(papers())}.")
    return papers()[key]
