"""One law after another: the output of the first is the input of the second, as in two-step forecasts of a task."""

from dataclasses import dataclass
from typing import Any

from isoflop.conventions import Counted, mismatch
from isoflop.errors import BadInput
from isoflop.laws.law import Law


@dataclass(frozen=True)
class Chain:
    """second(first(...)): accuracy of N and D from a law of the loss and a law of accuracy, say.

    Bhagia et al. 2024, arXiv:2412.04403, chain `TaskLoss` and `TaskAccuracy`. It has the first law's inputs and the
    second's output. Raises `BadInput` where the second takes something else than the first gives, or where both say in
    `about` what the loss between them is measured in, and do not mean the same.
    """

    first: Law
    second: Law

    def __post_init__(self) -> None:
        one, other = type(self.first), type(self.second)
        if other.inputs != (one.output,):
            raise BadInput(
                f"{other.__name__} takes {', '.join(other.inputs)}, but {one.__name__} gives {one.output}: "
                "chain laws of which the first gives the one input of the second."
            )
        given, wanted = self.first.about.counts("loss"), self.second.about.counts("loss")
        if given and wanted and given != wanted:
            said = Counted(f"what {one.__name__} gives", given)
            raise BadInput(mismatch(other.__name__, one.output, said, wanted))

    @property
    def inputs(self) -> tuple[str, ...]:
        """The first law's."""
        return self.first.inputs

    @property
    def output(self) -> str:
        """The second law's."""
        return self.second.output

    @property
    def output_unit(self) -> str:
        """The second law's."""
        return self.second.output_unit

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The second law's output at inputs of the first."""
        return self.second(self.first(*args, **kwargs))
