"""The size and tokens that train and serve a model of a given loss for least: Sardana et al. 2024."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from isoflop.allocations.allocate import Floats, columns
from isoflop.allocations.isoloss import size_for
from isoflop.allocations.lowest import lowest
from isoflop.errors import BadInput, IsoflopError
from isoflop.laws.law import Law

_LARGEST = 1e18  # parameters looked at
_MOST = 1e30  # tokens looked at


@dataclass(frozen=True)
class Prices:
    """What a FLOP costs: at peak, in training and in inference, and the share of the peak each reaches (MFU).

    Dollars per FLOP of the peak are dollars an hour / (3600 peak FLOP/s). All 1, the cost is FLOPs.
    """

    training: float = 1.0
    inference: float = 1.0
    mfu_training: float = 1.0
    mfu_input: float = 1.0
    mfu_output: float = 1.0

    def __post_init__(self) -> None:
        given = vars(self)
        problems = [f"{name} is a positive number; got {value}." for name, value in given.items() if not value > 0]
        problems += [f"{name} is a share of the peak; got {v}." for name, v in given.items() if "mfu" in name and v > 1]
        if problems:
            raise BadInput(problems)


IN_FLOPS = Prices()


@dataclass(frozen=True)
class Served:
    """N, D and what they cost: 6 N D training FLOPs, 2 N D_inf of inference, and both at the prices given.

    Arrays (m,) for m laws, numbers for one; not a number where a law does not reach the loss, or has no certified
    optimum.
    """

    loss: Floats
    n_params: Floats
    tokens: Floats
    training_flops: Floats
    inference_flops: Floats
    cost: Floats


def serve_all(
    law: Law,
    loss: ArrayLike,
    input_tokens: ArrayLike,
    output_tokens: ArrayLike = 0.0,
    prices: Prices = IN_FLOPS,
    *,
    largest: float = _LARGEST,
) -> Served:
    """argmin over N of 6 N D C_tr / MFU_tr + 2 N C_inf (D_inp / MFU_inp + D_out / MFU_out), D such that L(N, D) = loss

    Sardana et al. 2024, arXiv:2401.00448, eq. 6; with `IN_FLOPS` eq. 3, 6 N D + 2 N D_inf. For any law of n_params and
    tokens, and many at once, its constants being arrays (m,); loss and tokens served over the model's life: one, or m.
    There eps_N / eps_D = 1 + D_inf / (3 D) with eps_N = -dL/d ln N and eps_D = -dL/d ln D. Refits of the law to runs of
    up to 10 000 tokens a parameter gave the authors other exponents than to 100 (alpha, beta = 0.18, 0.24 and 0.08,
    0.13): a law fitted at ordinary D/N says little of how far a model to be served should be trained.

    Searched over D, along which N is smooth, up to the largest size, where the law must still be below the loss.
    """
    many, m = columns(law)
    given = {"loss": loss, "input_tokens": input_tokens, "output_tokens": output_tokens}
    arrays = {name: np.asarray(value, dtype=np.float64).reshape(-1, 1) for name, value in given.items()}
    target, prompts, answers = arrays.values()
    problems = [] if np.all((target > 0) & (target < np.inf)) else [f"A target is a positive loss; got {loss!r}."]
    problems += [
        f"{name} are a number from 0 on; got {given[name]!r}."
        for name in ("input_tokens", "output_tokens")
        if not np.all((arrays[name] >= 0) & (arrays[name] < np.inf))
    ]
    if problems:
        raise BadInput(problems)
    m = max(m, *(each.size for each in arrays.values()))
    train = 6 * prices.training / prices.mfu_training
    served = 2 * prices.inference * (prompts / prices.mfu_input + answers / prices.mfu_output)

    def log_cost(log_tokens: Floats) -> Floats:
        tokens = np.exp(log_tokens)
        each = np.log(size_for(many, tokens, target, largest)) + np.log(train * tokens + served)
        return np.broadcast_to(each, (m, log_tokens.shape[1]))

    with np.errstate(invalid="ignore"):  # infinite costs have no differences
        found = lowest(log_cost, np.zeros((m, 1)), np.full((m, 1), np.log(_MOST)))
    tokens = np.where(found.certified, np.exp(found.at), np.nan)[:, None]
    n = np.where(np.isfinite(tokens), size_for(many, np.nan_to_num(tokens, nan=_MOST), target, largest), np.nan)
    each = (target, n, tokens, 6 * n * tokens, 2 * n * (prompts + answers), n * (train * tokens + served))
    return Served(*(np.broadcast_to(np.where(np.isfinite(n), value, np.nan), (m, 1))[:, 0] for value in each))


def serve(
    law: Law,
    loss: float,
    input_tokens: float,
    output_tokens: float = 0.0,
    prices: Prices = IN_FLOPS,
    *,
    largest: float = _LARGEST,
) -> Served:
    """`serve_all` of one law, as numbers. Raises `IsoflopError` where the law has no such optimum."""
    found = serve_all(law, loss, input_tokens, output_tokens, prices, largest=largest)
    if len(found.n_params) > 1:
        raise BadInput(f"One law is served in one way; this is {len(found.n_params)} laws at once: use serve_all.")
    if not np.isfinite(found.n_params[0]):
        raise IsoflopError(
            f"{law}: no size up to {largest:.3g} parameters is the cheapest at a loss of {loss:.4g}. The law may not "
            "fall so low, or rise again before the largest size: ask for another loss, or name a smaller largest."
        )
    return Served(**{name: values[0] for name, values in vars(found).items()})
