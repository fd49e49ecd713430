"""The largest model that limits on serving allow: what one GPU holds, and what decodes fast enough."""

from isoflop.conventions import Size
from isoflop.costs.hardware import device
from isoflop.plans.question import Question
from isoflop.plans.resources import DEFAULT_GPU
from isoflop.plans.serving import largest_at_speed, largest_on_one


def size_limits(question: Question, counts: Size) -> dict[str, float]:
    """The largest N, by what N counts, of each limit on the size that a question sets."""
    if not (question.one_gpu or question.tokens_per_second):
        return {}
    gpu, context = device(question.gpu or DEFAULT_GPU, question.devices), int(question.context)
    found = {}
    if question.one_gpu:
        found["--one-gpu"] = largest_on_one(gpu, context, question.like, counts=counts)
    if question.tokens_per_second:
        fast = largest_at_speed(gpu, question.tokens_per_second, context, question.like, counts=counts)
        found["--tokens-per-second"] = fast
    return found
