"""What to say where tokens are seen again and again."""

from isoflop.plans.split import Split
from isoflop.units import print_ratio

NEARLY_NEW, DIMINISHING, WORTHLESS = 4.0, 16.0, 40.0
"""Epochs: up to the first a repeated token is nearly worth a new one; at the second far less; past the third nothing
(Muennighoff et al. 2023, arXiv:2305.16264, sec. 5 and 6)."""


def doubts(found: Split) -> tuple[str, ...]:
    """What speaks against so many epochs."""
    epochs = found.median("epochs")
    if epochs <= NEARLY_NEW:
        return ()
    seen = f"{print_ratio(epochs)} epochs"
    if epochs > WORTHLESS:
        return (
            f"{seen}: past about {WORTHLESS:g} a repeated token is worth nothing (Muennighoff 2023). More compute "
            "gains nothing on this text: spend less, or find more of it.",
        )
    if epochs > DIMINISHING:
        return (f"{seen}: past about {DIMINISHING:g} each further one gains little (Muennighoff 2023).",)
    return (f"{seen}: beyond about {NEARLY_NEW:g} a repeated token is worth less than a new one (Muennighoff 2023).",)
