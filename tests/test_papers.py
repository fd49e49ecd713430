"""Every law and every constant leads to a paper: a whole BibTeX entry, and the number of it that the set prints."""

import re

import pytest

from isoflop.errors import BadInput
from isoflop.laws.catalog import FORMS, PUBLISHED, form
from isoflop.laws.papers import bibtex, cited, fields, papers, where


@pytest.mark.parametrize("key", papers())
def test_an_entry_is_whole(key: str) -> None:
    """Each line of it was understood, and a reader finds the paper."""
    entry, said = bibtex(key), fields(key)
    assert entry.count("{") == entry.count("}")
    assert len(said) == len(entry.splitlines()) - 2
    assert {"title", "author", "year"} <= said.keys()
    assert all(said.values())
    assert re.fullmatch(r"\d{4}\.\d{5}", said["eprint"]) if "eprint" in said else said["url"].startswith("https://")
    assert ("eprint" in said) == ("archiveprefix" in said)


@pytest.mark.parametrize("key", papers())
def test_a_key_is_who_wrote_it_and_the_year(key: str) -> None:
    """Or what it is called; a paper is no older than its number at arXiv says."""
    said = fields(key)
    name, year = re.match(r"([a-z]+)(\d{4})", key).groups()  # type: ignore[union-attr]
    assert said["year"] == year
    assert 2000 + int(said["eprint"][:2]) <= int(year) if "eprint" in said else True
    author = cited(key).split(" et al")[0].split(" and ")[0]
    assert any(name in re.sub(r"[^a-z]", "", called.lower().replace("ä", "a")) for called in (author, said["title"]))


def test_no_paper_is_there_twice() -> None:
    text = "\n".join(papers().values())
    addresses = [where(key) for key in papers()]
    assert len(set(addresses)) == len(addresses)
    assert len(re.findall(r"^@\w+\{", text, re.MULTILINE)) == len(papers())


@pytest.mark.parametrize("name", FORMS)
def test_a_form_s_paper_is_there(name: str) -> None:
    assert form(name).paper in {"", *papers()}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_set_s_paper_is_there_and_its_source_names_it(name: str) -> None:
    about = PUBLISHED[name].about
    number_or_address = re.sub(r"^https://(www\.|arxiv\.org/abs/)?|/$", "", where(about.paper))
    assert number_or_address in about.source


def test_authors_are_cited_as_a_text_does() -> None:
    assert cited("pearce2024") == "Pearce and Song 2024"
    assert cited("kaplan2020") == "Kaplan et al. 2020"
    assert cited("jones2021") == "Jones 2021"
    assert cited("hagele2024") == "Hägele et al. 2024"
    assert where("kaplan2020") == "https://arxiv.org/abs/2001.08361"


def test_an_unknown_paper_is_refused_with_those_there_are() -> None:
    with pytest.raises(BadInput, match="kaplan2020"):
        bibtex("kaplan2019")
