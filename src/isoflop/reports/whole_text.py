"""`isoflop plan` on a screen, and the parts of its page, from a whole plan."""

from collections.abc import Mapping

from isoflop.plans.accuracy import Accuracy
from isoflop.plans.whole import WholePlan
from isoflop.reports import prose
from isoflop.reports.comparison_text import cells, comparison_text, explained
from isoflop.reports.hyperparameters_text import hyperparameter_rows
from isoflop.reports.others_text import alternatives_text, moved_cells, sensitivity_text
from isoflop.reports.plan_parts import Part
from isoflop.reports.plan_text import plan_text, rows_block
from isoflop.reports.running_text import running_rows, serving_row, serving_rows
from isoflop.units import print_count, print_dollars

EFFECTS = 4  # shown on the screen; the page and JSON have all


def whole_text(plan: WholePlan) -> str:
    """The one screen."""
    blocks = [("How to train it", rows_block(hyperparameter_rows(plan.training, plan.spread)))]
    run = {} if plan.running is None else running_rows(plan.running, plan.spread)
    if run and not plan.serves:
        run |= serving_row(plan.serving)
    blocks.append(("How to run it", rows_block(run)))
    if plan.serves:
        blocks.append(("How to serve it", rows_block(serving_rows(plan.serving))))
    if plan.accuracy is not None:
        blocks.append(("What it can do", rows_block(accuracy_rows(plan.accuracy))))
    for text in (
        alternatives_text(plan.answer, plan.alternatives),
        sensitivity_text(plan.sensitivity, EFFECTS),
        comparison_text(plan.beside) if plan.beside else "",
    ):
        title, *lines = text.splitlines() or [""]
        blocks.append((title, lines))
    return plan_text(plan.answer, blocks, plan.doubts, plan.defaults, plan.problem)


def accuracy_rows(found: Accuracy) -> dict[str, str]:
    """The accuracy that the user's own points give the plan's loss."""
    said = f"{found.value:.1%} ({found.low:.1%} to {found.high:.1%} with one of {found.points} points left out)"
    rows = {"accuracy": f"{said}; points are missed by {found.error:.1%}"}
    return {**rows, "beware": "; ".join(found.notes)} if found.notes else rows


def page_parts(plan: WholePlan) -> Mapping[str, Part]:
    """What stands on the page beside the answer itself."""
    parts = {
        "hyperparameters": Part.of(
            "How to train it",
            list(hyperparameter_rows(plan.training, plan.spread).items()),
            warnings=plan.training.doubts,
            caption=" ".join(plan.training.notes),
        ),
        "sensitivity": Part.of(
            "What this plan hangs on, one assumption moved at a time",
            [
                (effect.what if i == 0 else "", change.to, *moved_cells(change), change.note)
                for effect in plan.sensitivity
                for i, change in enumerate(effect.changes)
            ],
            columns=("instead", "N", "D", "loss", "days", "cost"),
        ),
    }
    rows = [] if plan.running is None else [*running_rows(plan.running, plan.spread).items()]
    rows += (serving_rows if plan.serves else serving_row)(plan.serving).items()
    rows += [*accuracy_rows(plan.accuracy).items()] if plan.accuracy is not None else []
    parts["running"] = Part.of("How to run it", rows, warnings=() if plan.running is None else plan.running.doubts)
    if plan.alternatives:
        parts["alternatives"] = Part.of(
            "Alternatives",
            [
                (
                    each.name,
                    print_count(each.n_params),
                    prose.MISSING if each.tokens is None else print_count(each.tokens),
                    prose.loss(each.loss),
                    prose.MISSING if each.extra is None else f"{each.extra:+.1%}",
                    prose.MISSING if each.dollars is None else print_dollars(each.dollars),
                    each.why,
                )
                for each in plan.alternatives
            ],
            columns=("N", "D", "loss", "training compute", "cost"),
        )
    if plan.beside:
        parts["comparison"] = Part.of(
            "The same compute by other laws",
            [
                (f"{row.law}{' (planned by)' if row.planned else ''}", *cells(row), "; ".join(row.notes))
                for row in plan.beside
            ],
            columns=("N", "D", "D / N", "loss, of its own text", "followed", "wasted"),
            caption=" ".join(explained(plan.beside)),
        )
    return parts
