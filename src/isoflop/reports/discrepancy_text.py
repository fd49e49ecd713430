"""What `isoflop why kaplan-vs-chinchilla` prints: the steps between the exponents, simulated, and what laws advise."""

import textwrap

from isoflop.plans.discrepancy import Discrepancy, Step
from isoflop.reports import prose
from isoflop.reports.text import columns
from isoflop.reports.width import width
from isoflop.units import print_count, print_flops


def discrepancy_text(found: Discrepancy) -> str:
    """A screen of lines of at most `width()` characters."""
    at = print_flops(found.flops)
    rows: list[tuple[str, ...]] = [("put right so far", "a", "95 %", "N", "a simulated", "N", "why")]
    rows += [_step(each) for each in found.steps]
    simulated = [each.budgets for each in found.steps if each.budgets is not None]
    alone = ", ".join(f"{name} {exponent:.3f}" for name, exponent in found.alone.items())
    laws = [(f"at {at}", "N", "D", "D / N", "N counts")]
    laws += [
        (
            each.law,
            print_count(each.n_params),
            print_count(each.tokens),
            prose.ratio(each.tokens / each.n_params),
            each.counts,
        )
        for each in found.advice
    ]
    return "\n".join(
        [
            f"Best size N ∝ C^a and N at {at}: {found.source} [{found.tag}]",
            columns(rows, right=(1, 2, 3, 4, 5)),
            *(line for each in found.notes for line in _wrapped(each)),
            *_wrapped(f"Simulated with one thing wrong at a time: {alone}."),
            *_wrapped(
                "Nothing is tuned to meet the published numbers. Taken for granted: "
                f"{'; '.join(found.assumptions)}. Budgets with a best size: {', '.join(map(str, simulated))}."
            ),
            "",
            columns(laws, right=(1, 2, 3)),
            *(line for each in found.advice if each.note for line in _wrapped(f"{each.law}: {each.note}")),
        ]
    )


def _step(step: Step) -> tuple[str, ...]:
    simulated, size = step.simulated, step.simulated_n_params
    return (
        step.name,
        f"{step.exponent:.3f}",
        f"{step.low:.2f} to {step.high:.2f}",
        print_count(step.n_params),
        prose.MISSING if simulated is None else f"{simulated:.3f}",
        prose.MISSING if size is None else print_count(size),
        step.cause,
    )


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, width())
