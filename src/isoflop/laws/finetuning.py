"""Loss after fine-tuning on so many examples: Lin et al. 2024 and Zhang et al. 2024."""

from dataclasses import dataclass
from typing import Any

from isoflop.laws.arrays import bounded_exp, log, log_of, logsumexp
from isoflop.laws.law import Law, param

_EXPONENTS = (0.1, 0.3, 0.6, 1.0)
_FLOORS = (0.01, 0.5, 1.5)


@dataclass(frozen=True)
class RectifiedFineTuning(Law):
    """L(D) = B / (D_l + D^beta) + E

    Lin et al. 2024, arXiv:2402.02314. D is the number of fine-tuning examples; D_l stands for what pre-training
    already taught: up to D^beta of about D_l the loss hardly falls. The authors fit it by least squares of logarithms.
    L in nats/token.
    """

    B: float = param(
        "nats/token examples^beta", "what is left to learn, times D_l", starts=(1.0, 30.0, 1e3, 3e4), linear=True
    )
    D_l: float = param("examples^beta", "data that pre-training stands for", starts=(1.0, 30.0, 1e3, 3e4))
    beta: float = param("1", "how fast examples help past D_l", starts=_EXPONENTS)
    E: float = param("nats/token", "loss after infinitely many examples", starts=_FLOORS, linear=True)

    inputs = ("examples",)
    paper = "lin2024"

    def __call__(self, examples: Any) -> Any:
        """L after fine-tuning on D examples, nats/token."""
        return self.B * bounded_exp(-logsumexp(log_of(self.D_l), self.beta * log(examples))) + self.E


@dataclass(frozen=True)
class VanillaFineTuning(Law):
    """L(D) = (B / D^beta + E)^alpha

    The law that Lin et al. 2024, arXiv:2402.02314, rectify: it has no slow beginning. D is the number of fine-tuning
    examples. L in nats/token.
    """

    B: float = param("(nats/token)^(1/alpha)", "what no data costs", starts=(1.0, 10.0, 100.0))
    beta: float = param("1", "how fast examples help", starts=_EXPONENTS)
    E: float = param("(nats/token)^(1/alpha)", "what infinitely many examples leave", starts=_FLOORS)
    alpha: float = param("1", "how the whole is bent", starts=(0.3, 1.0, 3.0))

    inputs = ("examples",)
    paper = "lin2024"

    def __call__(self, examples: Any) -> Any:
        """L after fine-tuning on D examples, nats/token."""
        return bounded_exp(self.alpha * logsumexp(log_of(self.B) - self.beta * log(examples), log_of(self.E)))


@dataclass(frozen=True)
class MultiplicativeFineTuning(Law):
    """L(N, D) = A / (N^alpha D^beta) + E

    Zhang et al. 2024, arXiv:2402.17193. In the place of N they put X, whatever was scaled before fine-tuning (subclass
    it to name another, such as the tokens of pre-training); D is the number of fine-tuning examples. One task and
    method has its own A and beta; alpha and E are shared. The number of parameters that a light-weight method tunes
    hardly matters as an X. L in nats/token.
    """

    A: float = param("nats/token", "what is left to learn, at N = D = 1", starts=(1.0, 10.0, 100.0, 1e3), linear=True)
    alpha: float = param("1", "how fast size helps", starts=(0.03, 0.1, 0.3))
    beta: float = param("1", "how fast examples help", starts=(0.03, 0.1, 0.3))
    E: float = param("nats/token", "what neither can lower", starts=_FLOORS, linear=True)

    inputs = ("n_params", "examples")
    paper = "zhang2024finetuning"

    def __call__(self, n_params: Any, examples: Any) -> Any:
        """L at N parameters after fine-tuning on D examples, nats/token."""
        return self.A * bounded_exp(-self.alpha * log(n_params) - self.beta * log(examples)) + self.E
