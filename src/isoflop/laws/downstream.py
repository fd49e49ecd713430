"""What a model can do, from its loss or its compute: the two steps of OLMo and of Llama 3, logistics, capabilities."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from isoflop.laws.arrays import bounded_exp, log, softplus
from isoflop.laws.law import Law, param

_ANY = (-np.inf, np.inf)
_SCALES = tuple(float(np.exp(a)) for a in (0, 5, 10, 15))
_EXPONENTS = (0.1, 0.3, 0.6, 1.0)
_STEEP = (1.0, 3.0, 10.0)


def _logistic(x: Any) -> Any:
    """1 / (1 + e^-x) without overflow."""
    return bounded_exp(-softplus(-x))


@dataclass(frozen=True)
class TaskLoss(Law):
    """L(N, D) = E + A / N^alpha + B / D^beta

    Bhagia et al. 2024 (the OLMo ladder), arXiv:2412.04403, step 1. L is not the loss of text but that of the right
    answer of one task, in bits per byte of it: a law of its own for each task, which `TaskAccuracy` follows.
    """

    E: float = param(
        "bits/byte", "task loss where neither size nor data is wanting", starts=(0.1, 0.4, 1.0), linear=True
    )
    A: float = param("bits/byte", "what a finite model costs, at N = 1", starts=_SCALES, linear=True)
    B: float = param("bits/byte", "what finite data costs, at D = 1", starts=_SCALES, linear=True)
    alpha: float = param("1", "how fast size helps", starts=_EXPONENTS)
    beta: float = param("1", "how fast data helps", starts=_EXPONENTS)

    inputs = ("n_params", "tokens")
    output = "task_loss"
    output_unit = "bits/byte"
    paper = "bhagia2024"

    def __call__(self, n_params: Any, tokens: Any) -> Any:
        """L of the right answer at N parameters and D tokens, bits/byte."""
        size, data = bounded_exp(-self.alpha * log(n_params)), bounded_exp(-self.beta * log(tokens))
        return self.E + self.A * size + self.B * data


@dataclass(frozen=True)
class TaskAccuracy(Law):
    """Acc(L) = a / (1 + exp(-k (L - L0))) + b

    Bhagia et al. 2024, arXiv:2412.04403, step 2, fitted to checkpoints as well as to final models. L is the task loss
    of `TaskLoss`, in bits per byte. a is below 0: accuracy falls from b to a + b, the chance level, as L rises.
    """

    a: float = param(
        "1", "chance less the best accuracy, below 0", starts=(-0.8, -0.4), domain=_ANY, scale="linear", linear=True
    )
    b: float = param("1", "accuracy at a task loss far below L0", starts=(0.5, 1.0), linear=True)
    k: float = param("byte/bit", "how steeply accuracy falls", starts=_STEEP)
    L0: float = param("bits/byte", "where half of it is lost", starts=(0.4, 0.9, 1.5))

    inputs = ("task_loss",)
    output = "accuracy"
    output_unit = "1"
    paper = "bhagia2024"

    def __call__(self, task_loss: Any) -> Any:
        """Acc at a task loss in bits/byte."""
        return self.a * _logistic(self.k * (task_loss - self.L0)) + self.b


@dataclass(frozen=True)
class LossAccuracy(Law):
    """Acc(L) = chance + (top - chance) / (1 + exp(k (L - L_mid)))

    The logistic with a floor, nobody's in particular: from top at a low loss to chance at a high one, so that a model
    that knows nothing guesses, and none is right more often than top. `fixed(LossAccuracy, chance=0.25)` fits it to a
    task with four choices. L in nats/token; subclass it to name another input.
    """

    chance: float = param("1", "accuracy of guessing", starts=(0.05, 0.25, 0.5), linear=True)
    top: float = param("1", "accuracy at a low loss", starts=(0.6, 1.0), linear=True)
    k: float = param("1/loss", "how steeply accuracy falls", starts=_STEEP)
    L_mid: float = param("loss", "where half of it is lost", starts=(0.5, 1.0, 2.0, 3.0))

    inputs = ("loss",)
    output = "accuracy"
    output_unit = "1"

    def __call__(self, loss: Any) -> Any:
        """Acc at a loss."""
        return self.chance + (self.top - self.chance) * _logistic(self.k * (self.L_mid - loss))


@dataclass(frozen=True)
class AnswerNLL(Law):
    """NLL(C) = a - b ln C

    Dubey et al. 2024 (Llama 3), arXiv:2407.21783, step 1 of their forecast of a benchmark: the negative log-likelihood
    of the right answer, normalised, of compute-optimal models. C in FLOPs. A line, it must end before it reaches 0.
    """

    a: float = param("nats", "NLL at C = 1", starts=(2.0, 5.0), domain=_ANY, scale="linear", linear=True)
    b: float = param("nats", "what an e-fold of C gains", starts=(0.02, 0.1), domain=_ANY, scale="linear", linear=True)

    inputs = ("flops",)
    output = "nll"
    output_unit = "nats"
    paper = "dubey2024"

    def __call__(self, flops: Any) -> Any:
        """NLL of the right answer at C FLOPs, nats."""
        return self.a - self.b * log(flops)


@dataclass(frozen=True)
class AnswerAccuracy(LossAccuracy):
    """Acc(NLL) = chance + (top - chance) / (1 + exp(k (NLL - L_mid)))

    Dubey et al. 2024 (Llama 3), arXiv:2407.21783, step 2: a sigmoid from the NLL of the right answer to the accuracy,
    fitted to these models and to earlier, larger ones. NLL as of `AnswerNLL`.
    """

    inputs = ("nll",)
    paper = "dubey2024"

    def __call__(self, nll: Any) -> Any:
        """Acc at a normalised NLL of the right answer."""
        return super().__call__(nll)


@dataclass(frozen=True)
class Capability(Law):
    """S(C) = theta ln C + nu

    Ruan et al. 2024, arXiv:2405.10938: the capability of a family of models, which the first principal component of
    its benchmark scores measures, is linear in log compute. theta is how well that family uses compute; the score of a
    task (`CapabilityAccuracy`) is then the same function of S in all families. Their S has several components: a law
    for each. C in FLOPs.
    """

    theta: float = param("1", "what an e-fold of C adds", starts=(0.1, 0.5), domain=_ANY, scale="linear", linear=True)
    nu: float = param("1", "capability at C = 1", starts=(-20.0, -5.0), domain=_ANY, scale="linear", linear=True)

    inputs = ("flops",)
    output = "capability"
    output_unit = "1"
    paper = "ruan2024"

    def __call__(self, flops: Any) -> Any:
        """S at C FLOPs."""
        return self.theta * log(flops) + self.nu


@dataclass(frozen=True)
class CapabilityAccuracy(Law):
    """logit(Acc) = beta S + alpha

    Ruan et al. 2024, arXiv:2405.10938, with one component of the capability S: the score of a task between 0 and 1,
    the same function for every family of models.
    """

    beta: float = param("1", "how the score follows the capability", starts=(0.5, 2.0), domain=_ANY, scale="linear")
    alpha: float = param("1", "logit of the score at S = 0", starts=(-3.0, 0.0), domain=_ANY, scale="linear")

    inputs = ("capability",)
    output = "accuracy"
    output_unit = "1"
    paper = "ruan2024"

    def __call__(self, capability: Any) -> Any:
        """The score at a capability S, 0 to 1."""
        return _logistic(self.beta * capability + self.alpha)
