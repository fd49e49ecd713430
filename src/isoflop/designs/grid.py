"""From a study to its runs: the sizes of a rung around its expected best N, each with its seeds. Pure functions."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isoflop.costs.flops import flops_per_token
from isoflop.costs.shape import Shape
from isoflop.designs.recipe import batch_for, optimizer_for, shape_for
from isoflop.designs.study import Study
from isoflop.errors import BadInput
from isoflop.runs.run import Run

FEWEST_STEPS = 300  # below it the schedule, not the budget, decides the loss
SHOWN = 5  # refused sizes that a message lists
FARTHEST = 2.0  # factor between the check's size and the expected best, about 1 % of loss


@dataclass(frozen=True)
class Text:
    """What runs need to know of the tokenised text: fingerprints of training split and tokenizer, and their sizes."""

    corpus: str
    tokenizer: str
    vocab_size: int
    train_tokens: int


def expected_n(study: Study, budget: float, minima: Sequence[tuple[float, float]] = ()) -> float:
    """Best N (parameters) expected at a budget: N_opt(C') (C / C')^a from the nearest budget C' below with a minimum.

    minima are (FLOPs, N_opt) found so far; without one below, the study's first_n_params at its lowest budget counts.
    """
    first = (study.ladder.budgets[0], study.ladder.first_n_params)
    flops, n_params = max((found for found in minima if found[0] < budget), default=first)
    return float(n_params * (budget / flops) ** study.ladder.exponent)


def rung(study: Study, budget_index: int, text: Text, *, n_params: float, trainer: str) -> list[Run]:
    """The runs of one budget: sizes_per_budget sizes, log-spaced within span of the expected best n_params, × seeds.

    Sizes that the text or the fewest steps do not allow are not chosen. Raises `BadInput`, with the numbers of each,
    if too few are left, or none on one side of n_params.
    """
    ladder = study.ladder
    budget = ladder.budgets[budget_index]
    low, high = n_params / ladder.span, n_params * ladder.span
    within: list[Shape] = []
    refused: list[str] = []
    for shape in sorted(shapes(study, text), key=lambda shape: shape.n_params):
        if low <= shape.n_params <= high:
            wrong = problems_of(study, text, shape, budget)
            refused += wrong
            within += [shape] if not wrong else []
    sides = [shape.n_params < n_params for shape in within]
    if len(within) < ladder.sizes_per_budget or all(sides) or not any(sides):
        found = ", ".join(f"{shape.n_params:,}" for shape in within) or "none"
        told = (
            f"At {budget:.3g} FLOPs, of model.sizes those between {low:,.0f} and {high:,.0f} parameters that can be "
            f"trained are: {found}. ladder.sizes_per_budget asks for {ladder.sizes_per_budget}, on both sides of the "
            f"expected best, {n_params:,.0f}. Add sizes there, ask for fewer, or widen ladder.span."
        )
        more = [f"… and {len(refused) - SHOWN} more sizes."] if len(refused) > SHOWN else []
        raise BadInput([told, *refused[:SHOWN], *more])
    targets = np.geomspace(low, high, ladder.sizes_per_budget)
    return [
        a_run(study, text, shape, budget, seed=seed, role="ladder", trainer=trainer)
        for shape in _nearest(within, targets)
        for seed in range(ladder.seeds[budget_index])
    ]


def check_runs(study: Study, text: Text, *, n_params: float, trainer: str) -> list[Run]:
    """The runs that the forecast is about: the size nearest to n_params that can be trained, once for each seed.

    Raises `BadInput` where the text or the fewest steps allow none within FARTHEST times n_params.
    """

    def distance(shape: Shape) -> float:
        return abs(math.log(shape.n_params / n_params))

    near = sorted((each for each in shapes(study, text) if distance(each) <= math.log(FARTHEST)), key=distance)
    allowed = [each for each in near if not problems_of(study, text, each, study.check_budget)]
    if not allowed:
        told = (
            f"At {study.check_budget:.3g} FLOPs, the check, none of model.sizes within a factor {FARTHEST:g} of the "
            f"expected best, {n_params:,.0f} parameters, can be trained. Add sizes there, or lower check.factor."
        )
        raise BadInput(
            [told, *(wrong for each in near for wrong in problems_of(study, text, each, study.check_budget))]
        )
    return [
        a_run(study, text, allowed[0], study.check_budget, seed=seed, role="check", trainer=trainer)
        for seed in range(study.check.seeds)
    ]


def preview(study: Study, text: Text, *, trainer: str) -> list[list[Run]]:
    """All rungs and the check as they would be if every best N is as expected; for `--dry-run` and to refuse early.

    Raises `BadInput` with the problems of every rung.
    """
    runs: list[list[Run]] = []
    problems: list[str] = []
    for i in range(len(study.ladder.budgets)):
        expected = expected_n(study, study.ladder.budgets[i])
        try:
            runs.append(rung(study, i, text, n_params=expected, trainer=trainer))
        except BadInput as bad:
            problems += bad.problems
    expected = expected_n(study, study.check_budget)
    try:
        checks = check_runs(study, text, n_params=expected, trainer=trainer)
    except BadInput as bad:
        problems += bad.problems
    else:
        runs.append(checks)
    if problems:
        raise BadInput(problems)
    return runs


def shapes(study: Study, text: Text) -> list[Shape]:
    """The shape of each of the study's sizes, with the text's vocabulary."""
    model = study.model
    return [
        shape_for(size, vocab_size=text.vocab_size, context=model.context, head_dim=model.head_dim)
        for size in model.sizes
    ]


def a_run(study: Study, text: Text, shape: Shape, budget: float, *, seed: int, role: str, trainer: str) -> Run:
    """One run: as many whole steps as the budget pays for. seed counts the runs of a cell from 0.

    Every run has its own two seeds, so that the noise of any two runs is independent.
    """
    steps, batch_tokens = _steps(study, shape, budget)
    cell = f"{study.seed}/{budget!r}/{shape.n_layers}x{shape.width}/{seed}"
    return Run(
        shape=shape,
        tokens=steps * batch_tokens,
        steps=steps,
        batch_tokens=batch_tokens,
        optimizer=optimizer_for(study.recipe, shape, tokens=steps * batch_tokens, batch_tokens=batch_tokens),
        init_seed=_seed("init", cell),
        data_seed=_seed("data", cell),
        dtype=study.model.dtype,
        corpus=text.corpus,
        tokenizer=text.tokenizer,
        eval_tokens=study.evaluation.tokens,
        trainer=trainer,
        threads=study.run.threads,
        budget=budget,
        role=role,
        micro_batch=study.run.micro_batch,
    )


def problems_of(study: Study, text: Text, shape: Shape, budget: float) -> list[str]:
    """Why a size cannot be trained at a budget: too few steps, or more tokens than the text has."""
    steps, batch_tokens = _steps(study, shape, budget)
    what = f"[{shape.n_layers}, {shape.width}] ({shape.n_params:,} parameters) at {budget:.3g} FLOPs"
    problems = []
    if steps < FEWEST_STEPS:
        problems.append(
            f"{what} would have {steps} steps of {batch_tokens:,} tokens; the fewest are {FEWEST_STEPS}. "
            "Choose a smaller batch, a smaller size or a larger budget."
        )
    if steps * batch_tokens > text.train_tokens and not study.allow_repeats:
        problems.append(
            f"{what} needs {steps * batch_tokens:,} tokens; the training text has {text.train_tokens:,}. "
            "Give more text, lower the budget, or say allow_repeats = true."
        )
    return problems


def _steps(study: Study, shape: Shape, budget: float) -> tuple[int, int]:
    """Steps and tokens of a batch that spend the budget."""
    tokens = budget / flops_per_token(shape)
    batch_tokens = batch_for(study.recipe, tokens, study.run.micro_batch * shape.context)
    return max(1, round(tokens / batch_tokens)), batch_tokens


def _nearest(candidates: Sequence[Shape], targets: NDArray[np.float64]) -> list[Shape]:
    """As many different shapes as targets, each target in turn taking the nearest in ln N that is left."""
    left = list(candidates)
    for target in targets:
        left.remove(min(left, key=lambda shape: abs(math.log(shape.n_params / target))))
    return [shape for shape in candidates if shape not in left]


def _seed(kind: str, cell: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{kind}/{cell}".encode()).digest()[:4], "big") >> 1
