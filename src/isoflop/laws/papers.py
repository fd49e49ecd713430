"""The papers that laws and constants come from, as BibTeX entries (`papers.bib`), and how a page names them."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from isoflop.errors import BadInput

_ACCENTS = {r"{\"a}": "ä", r"{\'o}": "ó", r"{\'e}": "é", r"{\l}": "ł"}


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


def fields(key: str) -> Mapping[str, str]:
    """What an entry says, one field a line in `papers.bib`: title, author, year, and eprint (arXiv) or url."""
    return dict(re.findall(r"^ +(\w+) = \{(.*)\},$", bibtex(key), re.MULTILINE))


def where(key: str) -> str:
    """The address of a paper."""
    said = fields(key)
    return f"https://arxiv.org/abs/{said['eprint']}" if "eprint" in said else said["url"]


def cited(key: str) -> str:
    """Authors and year as a text names them: Pearce and Song 2024, Kaplan et al. 2020."""
    said = fields(key)
    author = said["author"]
    for escaped, letter in _ACCENTS.items():
        author = author.replace(escaped, letter)
    names = [name.strip("{}").partition(",")[0] for name in author.split(" and ")]
    return f"{names[0]} et al. {said['year']}" if len(names) > 2 else f"{' and '.join(names)} {said['year']}"
