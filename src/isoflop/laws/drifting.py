"""A law of N and D whose errors drift with compute: what is added to any form that its own runs bend away from."""

from dataclasses import dataclass
from typing import Any

from isoflop.laws.arrays import exp, log, maximum, minimum
from isoflop.laws.law import Law, param

_ANY = (-float("inf"), float("inf"))


@dataclass(frozen=True)
class Drifting(Law):
    """L(N, D) = base(N, D) exp(l(t) + k(t) ln(N / N_line(t))), t = ln(6 N D / C_top)

    Beyond C_top, the most compute that was fitted, l(t) = level + slope t + wander t^1.5 and k(t) = tilt + turn t +
    sway t^1.5: a drift found by fits/drift.py and one way it may go on. Both fall to 0 at C_low, the least compute
    fitted. N_line(t) = size e^(growth t) is the middle of the sizes tried.
    """

    base: Law
    level: float = param("1", "ln(L / base) at C_top", starts=(0.0,), domain=_ANY, scale="linear")
    slope: float = param("1", "change of level an e-fold of compute", starts=(0.0,), domain=_ANY, scale="linear")
    wander: float = param("1", "what level gains beyond C_top, at t = 1", starts=(0.0,), domain=_ANY, scale="linear")
    tilt: float = param("1", "slope of ln(L / base) in ln N at C_top", starts=(0.0,), domain=_ANY, scale="linear")
    turn: float = param("1", "change of tilt an e-fold of compute", starts=(0.0,), domain=_ANY, scale="linear")
    sway: float = param("1", "what tilt gains beyond C_top, at t = 1", starts=(0.0,), domain=_ANY, scale="linear")
    low: float = param("FLOPs", "C_low", starts=(1.0,))
    top: float = param("FLOPs", "C_top", starts=(1.0,))
    size: float = param("parameters", "middle of the sizes at C_top", starts=(1.0,))
    growth: float = param("1", "how it grows with C", starts=(0.5,), domain=_ANY, scale="linear")

    inputs = ("n_params", "tokens")

    def __call__(self, n_params: Any, tokens: Any) -> Any:
        """L at N parameters and D tokens, nats/token."""
        t = log(6 * n_params * tokens / self.top)
        beyond = maximum(t, 0.0)
        share = maximum(1 + minimum(t, 0.0) / log(self.top / self.low), 0.0)
        off = log(n_params / self.size) - self.growth * t
        level = share * self.level + beyond * self.slope + beyond**1.5 * self.wander
        tilt = share * self.tilt + beyond * self.turn + beyond**1.5 * self.sway
        return self.base(n_params, tokens) * exp(level + tilt * off)

    def to_json(self) -> dict[str, Any]:
        """The base with the drift's constants."""
        return {**super().to_json(), "base": self.base.to_json()}
