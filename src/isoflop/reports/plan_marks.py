"""What page and pictures of a plan say alike: the plan as a row, what N counts, whose loss it is, what a band holds."""

from isoflop.conventions import MEANINGS, Size
from isoflop.plans.answer import Answer


def plan_mark(found: Answer) -> dict[str, float]:
    """The plan as a row: n_params, tokens, loss, flops (of training), epochs."""
    return {
        "n_params": found.n_params, "tokens": found.tokens, "loss": found.quantity("loss").median,
        "flops": found.flops, "epochs": found.tokens / (found.split.aim.unique_tokens or found.tokens),
    }  # fmt: skip


def counted(found: Answer) -> str:
    """What N counts, in words."""
    said = found.source.defaults.get("N counts") or str(found.source.counts)
    known = next((size for size in Size if size == said), None)
    if known:
        return MEANINGS[known]
    unknown = found.source.own and said.endswith(MEANINGS[found.source.counts])
    return "what the fit's table counts" if unknown else said


def loss_unit(found: Answer) -> str:
    """What the loss is in, and whether it is of another text than the user's."""
    law = found.source.law
    unit = str(law.about.counts("loss") or law.output_unit)
    return f"{unit}, of another text" if found.source.text else unit


def own_words(found: Answer) -> str:
    """Whose loss it is."""
    text = found.source.text
    return f"Loss is that of {text}, not of your text" if text else "Loss is that of your runs' text"


def bag_words(found: Answer) -> str:
    """What a band shows, where there is one."""
    bag = found.split.bag
    return f" The band holds 90 % of {len(bag):,} laws, the line is their median." if len(bag) > 1 else ""
