"""How a question splits compute between size and tokens, by every law of a bag at once."""

from dataclasses import dataclass

import numpy as np

from isoflop.allocations.allocate import Floats, allocate_all, columns
from isoflop.allocations.isoloss import ENDLESS, size_for, tokens_for
from isoflop.allocations.lowest import lowest
from isoflop.allocations.repeated import allocate_repeated_all
from isoflop.allocations.repeated_target import reach_all, tokens_for_repeated
from isoflop.allocations.serving import serve_all
from isoflop.errors import BadInput, IsoflopError
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.interval import Interval
from isoflop.laws.crossing import crossing
from isoflop.laws.law import Law
from isoflop.plans.quantities import MOST_LOST

_LARGEST = 1e18  # parameters looked at


@dataclass(frozen=True)
class Aim:
    """What is to be split: a budget of flops (FLOPs) or a loss (nats/token) to reach, and what limits it.

    n_params, tokens: fixed. unique_tokens: those that are different. served: tokens of inference, each 2 N FLOPs, paid
    from the same budget; as many as cost the same at the price of training, where they are priced apart. served_tokens:
    those really served. most_params: no model may be larger.
    """

    flops: float | None = None
    loss: float | None = None
    n_params: float | None = None
    tokens: float | None = None
    unique_tokens: float | None = None
    served: float = 0.0
    served_tokens: float = 0.0
    most_params: float = np.inf


@dataclass(frozen=True)
class Split:
    """For each law of a bag: N, D (repeats counted), loss, training FLOPs 6 N D, and those of serving 2 N D_inf.

    Arrays (laws,), only of laws with an answer; left_out counts the others. capped: the share of laws, by weight, whose
    best size is larger than the largest allowed.
    """

    aim: Aim
    bag: Ensemble
    n_params: Floats
    tokens: Floats
    loss: Floats
    left_out: int
    capped: float

    @property
    def flops(self) -> Floats:
        """6 N D, training FLOPs."""
        return 6 * self.n_params * self.tokens

    @property
    def serving_flops(self) -> Floats:
        """2 N D_inf, FLOPs of inference."""
        return 2 * self.n_params * (self.aim.served_tokens or self.aim.served)

    @property
    def cost_flops(self) -> Floats:
        """Training, and serving at what it costs: training FLOPs of the same price."""
        return self.flops + 2 * self.n_params * self.aim.served

    @property
    def tokens_per_param(self) -> Floats:
        """D / N."""
        return self.tokens / self.n_params

    @property
    def epochs(self) -> Floats:
        """How often each unique token is seen: below 1 where some are left; 1 where none repeats."""
        return np.ones_like(self.tokens) if self.aim.unique_tokens is None else self.tokens / self.aim.unique_tokens

    def interval(self, name: str, level: float = 0.9) -> Interval:
        """Of n_params, tokens, loss, flops, tokens_per_param, epochs, serving_flops."""
        return self.bag.interval(getattr(self, name), level)

    def median(self, name: str) -> float:
        """The weighted median."""
        return self.interval(name).median


def split(bag: Ensemble, aim: Aim) -> Split:
    """N and D for the aim by every law. Raises `IsoflopError` if more than a tenth of the laws have no answer."""
    found = np.full((3, len(bag)), np.nan)
    over = np.zeros(len(bag), bool)
    for law, places in bag.stacks():
        many = _Many(law, len(places), aim)
        n, d, capped = many.split()
        found[:, places], over[places] = (n, d, many.loss(n[:, None], d[:, None])[:, 0]), capped
    kept = np.all(np.isfinite(found), axis=0)
    lost = int(np.sum(~kept))
    if lost > MOST_LOST * len(bag):
        raise IsoflopError(_why_none(aim, lost, len(bag)))
    capped_share = float(np.sum(bag.weights[kept & over]) / np.sum(bag.weights[kept]))
    n, d, loss = found[:, kept]
    return Split(aim, bag.only(kept), n, d, loss, lost, capped_share)


@dataclass(frozen=True)
class _Many:
    """Laws of one form at once, their constants arrays (m,), and what they are asked."""

    law: Law
    m: int
    aim: Aim

    def __post_init__(self) -> None:
        if self.law.inputs not in {("n_params", "tokens"), ("n_params", "tokens", "unique_tokens")}:
            name, inputs = type(self.law).__name__, ", ".join(self.law.inputs)
            raise BadInput(f"Only a law of n_params and tokens splits a budget; {name} has {inputs}.")

    @property
    def repeats(self) -> bool:
        """Whether the law knows of unique tokens."""
        return "unique_tokens" in self.law.inputs

    @property
    def unique(self) -> float:
        return self.aim.unique_tokens or ENDLESS

    def loss(self, n: Floats, d: Floats) -> Floats:
        """L at (m, k) sizes and tokens."""
        upright, _ = columns(self.law)
        found = upright(n, d, self.unique) if self.repeats else upright(n, d)
        return np.asarray(np.broadcast_to(found, np.broadcast_shapes(n.shape, d.shape, (self.m, 1))), np.float64)

    def split(self) -> tuple[Floats, Floats, np.ndarray]:
        """N, D and whether the largest size allowed decided, each (m,)."""
        aim, none = self.aim, np.zeros(self.m, bool)
        if aim.n_params is not None:
            n = np.full(self.m, aim.n_params)
            d = np.full(self.m, aim.tokens) if aim.tokens is not None else self.tokens(n[:, None])[:, 0]
            return n, d, none
        if aim.tokens is not None:
            d = np.full(self.m, aim.tokens)
            n = self.size(d)
            if aim.loss is not None:
                return np.where(n <= aim.most_params, n, np.nan), d, none
            return np.minimum(n, aim.most_params), d, n > aim.most_params
        n = self.best_size()
        capped = n > aim.most_params
        n = np.minimum(n, aim.most_params)
        return n, self.tokens(n[:, None])[:, 0], capped

    def tokens(self, n: Floats) -> Floats:
        """The tokens that the budget leaves a size, or that the loss needs; (m, k)."""
        aim = self.aim
        if aim.loss is None:
            left = float(aim.flops or 0.0) - 2 * n * aim.served
            return np.where(left > 0, left / (6 * n), np.nan)
        if not self.repeats:
            upright, _ = columns(self.law)
            return np.broadcast_to(tokens_for(upright, n, aim.loss), (self.m, n.shape[1]))
        found = tokens_for_repeated(columns(self.law)[0], n, self.unique, aim.loss)
        return np.broadcast_to(found, (self.m, n.shape[1]))

    def size(self, d: Floats) -> Floats:
        """The size that the budget leaves for these tokens, or that the loss needs; (m,)."""
        aim = self.aim
        if aim.loss is None:
            return float(aim.flops or 0.0) / (6 * d + 2 * aim.served)
        if not self.repeats:
            return np.broadcast_to(size_for(self.law, d, aim.loss), (self.m,))
        column = d[:, None]
        top = np.full((self.m, 1), np.log(_LARGEST))
        at = crossing(lambda log_n: self.loss(np.exp(log_n), column) - float(aim.loss or 0), np.zeros_like(top), top)
        found: Floats = np.exp(at)[:, 0]
        return found

    def best_size(self) -> Floats:
        """N where the loss is lowest for the budget, or the cost for the loss; (m,), not a number where none is."""
        aim = self.aim
        if aim.loss is not None:
            if self.repeats:
                return reach_all(self.law, aim.loss, self.unique, aim.served)[0]
            return serve_all(self.law, aim.loss, aim.served).n_params
        if aim.served:
            return self._lowest()
        if self.repeats:
            return allocate_repeated_all(self.law, float(aim.flops or 0), self.unique).n_params
        return allocate_all(self.law, float(aim.flops or 0)).n_params

    def _lowest(self) -> Floats:
        """N with the lowest loss on the tokens that the budget leaves, once serving is paid."""

        def loss(log_n: Floats) -> Floats:
            n = np.exp(log_n)
            d = self.tokens(n)
            return np.where(d >= 1, self.loss(n, np.maximum(d, 1.0)), np.inf)

        low, high = np.zeros((self.m, 1)), np.full((self.m, 1), np.log(_LARGEST))
        with np.errstate(invalid="ignore"):  # infinite losses have no differences
            found = lowest(loss, low, high)
        return np.where(found.certified, np.exp(found.at), np.nan)


def _why_none(aim: Aim, lost: int, of: int) -> str:
    who = "The law has" if of == 1 else f"{lost} of {of} laws have"
    if aim.loss is not None:
        within = f" within {aim.unique_tokens:.3g} unique tokens" if aim.unique_tokens else ""
        fixed = f" with {aim.n_params:.3g} parameters" if aim.n_params else ""
        return (
            f"{who} no run that reaches {aim.loss:g} nats/token{fixed}{within}: it lies below what the law can reach. "
            "Ask for a higher loss, or doubt the law."
        )
    return f"{who} no best size for {aim.flops:.3g} FLOPs: the loss is lowest at an edge. Doubt the law."
