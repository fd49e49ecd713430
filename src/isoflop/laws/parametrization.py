"""What moves with width and depth so that learning rates need not be found again: muP and CompleteP."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from isoflop.laws.arrays import bounded_exp, log
from isoflop.laws.law import Law, param
from isoflop.laws.published import constants

_ANY = (-np.inf, np.inf)


@dataclass(frozen=True)
class Parametrization(Law):
    """factor = m_N^a m_L^b

    Yang et al. 2022 (muP), arXiv:2203.03466; Dey et al. 2025 (CompleteP), arXiv:2505.01618. m_N is the width as a
    multiple of the width it was found at, m_L the depth; what is multiplied, each set says.
    """

    a: float = param("1", "how it moves with width", starts=(-1.0, 0.0, 1.0), domain=_ANY, scale="linear")
    b: float = param("1", "how it moves with depth", starts=(-1.0, 0.0, 1.0), domain=_ANY, scale="linear")

    inputs = ("width_ratio", "depth_ratio")
    paper = "yang2022"
    output = "transfer_factor"
    output_unit = "1"

    def __call__(self, width_ratio: Any, depth_ratio: Any) -> Any:
        """What to multiply the found value by, at m_N times the width and m_L times the depth."""
        return bounded_exp(self.a * log(width_ratio) + self.b * log(depth_ratio))


YANG_2022_HIDDEN_RATE = Parametrization(**constants("YANG_2022_HIDDEN_RATE"))
YANG_2022_HIDDEN_VARIANCE = Parametrization(**constants("YANG_2022_HIDDEN_VARIANCE"))
YANG_2022_OUTPUT = Parametrization(**constants("YANG_2022_OUTPUT"))
DEY_2025_RESIDUAL = Parametrization(**constants("DEY_2025_RESIDUAL"))
DEY_2025_EPSILON = Parametrization(**constants("DEY_2025_EPSILON"))
DEY_2025_HIDDEN_DECAY = Parametrization(**constants("DEY_2025_HIDDEN_DECAY"))
