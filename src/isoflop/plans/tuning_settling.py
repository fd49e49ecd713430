"""The GPUs and epochs of a fine-tuning, asked for or chosen, and whether days and dollars are enough for them."""

from isoflop.costs.goodput import losses
from isoflop.costs.hardware import device
from isoflop.errors import BadInput
from isoflop.plans.finetuning import FineTuning, epochs_advised, executing
from isoflop.plans.layout import MOST_DEVICES
from isoflop.plans.resources import DEFAULT_GPU, LEAST_GOODPUT
from isoflop.plans.tunable import fewest_tuning, tuned
from isoflop.plans.tuning_question import TuningQuestion
from isoflop.plans.untunable import untunable

_SLACK = 1e-9  # of a budget


def settled(question: TuningQuestion) -> FineTuning:
    """With GPUs and epochs, whether or not days and dollars allow it (`over`), and they hold it (`there`).

    Chosen GPUs are the fewest, in powers of two, that hold it and end within the days; chosen epochs the most of those
    advised that the budgets allow. Raises `BadInput` where no number of GPUs holds it, with what would.
    """
    gpu = device(question.gpu or DEFAULT_GPU, question.devices)
    needed = fewest_tuning(question.shape, gpu, question.method)
    if needed is None:
        raise BadInput(untunable(question, gpu))
    one = tuned(question.shape, gpu, question.method)

    def on(gpus: int, epochs: float, said: dict[str, str]) -> FineTuning:
        there = tuned(question.shape, gpu, question.method, n_devices=gpus)
        have = executing(question, gpus, there)
        return FineTuning(question, have, epochs, there, one, needed.n_devices, {}, {**have.defaults, **said})

    fewest, most = epochs_advised(question)
    gpus, seen = int(question.gpus or needed.n_devices), float(question.epochs or most)
    assumed: dict[str, str] = {}
    if question.gpus is None:
        while "days" in over(on(gpus, seen, assumed)) and useful(question, 2 * gpus):
            gpus *= 2
        end = "" if gpus == needed.n_devices else f", and then doubled for --days {question.days:g}"
        assumed["gpus"] = f"{gpus:,}, the fewest in powers of two that hold it{end} (--gpus)"
    if question.epochs is None:
        advised = f"of the {fewest} to {most} advised"
        allowed = (float(many) for many in range(most, fewest, -1) if not over(on(gpus, many, assumed)))
        seen = next(allowed, float(fewest))
        why = "the most" if seen == most else "what the budget allows"
        assumed["epochs"] = f"{seen:g}, {why} {advised}{', fewer cost less' if seen == most else ''} (--epochs)"
    return on(gpus, seen, assumed)


def over(found: FineTuning) -> dict[str, float]:
    """The budgets that are not enough, days or dollars, and how much of them is needed."""
    asked = found.question
    needs = {"days": (found.days, asked.days), "dollars": (found.dollars, asked.dollars)}
    return {name: need for name, (need, most) in needs.items() if need and most and need > most * (1 + _SLACK)}


def useful(question: TuningQuestion, gpus: int) -> bool:
    """Whether so many have a sequence of the corpus each, and do more than fail."""
    return gpus <= min(question.corpus / question.context, MOST_DEVICES) and losses(gpus).goodput >= LEAST_GOODPUT
