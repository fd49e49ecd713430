"""All errata in one table, and that table as pages of Markdown (`docs/errata.md`, `docs/inconsistencies.md`)."""

from collections import Counter
from collections.abc import Iterable, Mapping

from isoflop.errata import chinchilla, joint, kaplan, papers, planning, training
from isoflop.errata.erratum import Erratum, Kind

TOPICS: Mapping[str, tuple[Erratum, ...]] = {
    "Kaplan's laws of one variable": kaplan.ROWS,
    "Kaplan's laws of several variables": joint.ROWS,
    "Chinchilla, and why it differs": chinchilla.ROWS,
    "Money, machines and abilities": planning.ROWS,
    "What was trained, and how": training.ROWS,
}

ERRATA: tuple[Erratum, ...] = tuple(
    sorted((row for rows in TOPICS.values() for row in rows), key=lambda row: row.number)
)
"""What circulates and is wrong, by number."""

INCONSISTENCIES: tuple[Erratum, ...] = papers.ROWS
"""What papers print twice, or print wrong."""

_WRONG: Mapping[Kind, str] = {
    Kind.UNIT: "get a unit or a count wrong",
    Kind.CONSTANT: "a constant",
    Kind.FORMULA: "a formula",
    Kind.READING: "what a paper says",
    Kind.UNSUPPORTED: "are in no paper",
}

_NOTE = "Numbers under *what it costs* are computed by isoflop's own laws and costs whenever the page is written."


def errata_page() -> str:
    """The claims that circulate, topic by topic."""
    kinds = Counter(row.kind for row in ERRATA)
    sections = [
        f"## {topic}\n\n" + _markdown("what circulates", "what the paper says", "what it costs", rows)
        for topic, rows in TOPICS.items()
    ]
    said = ", ".join(f"{kinds[kind]} {_WRONG[kind]}" for kind in _WRONG)
    return (
        "# What circulates and is wrong\n\n"
        "Summaries of scaling-law papers, in posts, course notes and calculators, repeat claims that the papers do not "
        f"make. Here are {len(ERRATA)} of them: {said}.\n\n{_NOTE}\nWhere papers disagree with themselves is on "
        "[a page of its own](inconsistencies.md).\n\n" + "\n".join(sections)
    )


def inconsistencies_page() -> str:
    """Where papers disagree with themselves."""
    return (
        "# Where papers disagree with themselves\n\n"
        "Numbers that a paper prints twice and differently, or misprints; what circulates and is in no paper is among "
        f"[the errata](errata.md). {_NOTE}\n\n" + _markdown("one place", "another", "what it costs", INCONSISTENCIES)
    )


def _markdown(claim: str, paper: str, cost: str, rows: Iterable[Erratum]) -> str:
    lines = [f"| | {claim} | {paper} | {cost} | where |", "|---|---|---|---|---|"]
    for row in rows:
        said = " | ".join(_plain(text) for text in (row.claim, row.paper, row.consequence))
        lines.append(f"| {row.number} | {said} | {row.citation} |")
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Without letting Markdown take a * for emphasis or a $ for a formula."""
    return text.replace("*", "\\*").replace("$", "\\$")
