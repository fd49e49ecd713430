"""What a model reads: windows of the training stream in a seeded order, and a fixed set of held-out ones."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isoflop.errors import BadInput
from isoflop.training.dataset import Dataset
from isoflop.training.splits import seeded_order
from isoflop.training.tokenizer import Tokens

EVALUATION_SEED = 20220329  # fixed, so that all runs of all studies on a dataset are evaluated on the same tokens


def n_windows(dataset: Dataset, context: int) -> int:
    """How many sequences of `context` training tokens there are before one repeats."""
    return max(0, (dataset.train.n_tokens - 1) // context)


def windows(
    dataset: Dataset,
    context: int,
    data_seed: int,
    n_sequences: int,
    *,
    start: int = 0,
    allow_repeats: bool = False,
) -> Tokens:
    """Sequences `start` to `start + n_sequences` of a run's training data: ids of shape [n_sequences, context + 1].

    The stream is cut every `context` tokens; a window's last token is the next one's first, so that inputs are
    `[:, :-1]`, targets `[:, 1:]`, and each token is a target once. `data_seed` permutes the windows; with
    `allow_repeats` a new permutation follows when one is used up. Raises `BadInput` if there are too few.
    """
    there = n_windows(dataset, context)
    wanted = start + n_sequences
    if there < 1 or (wanted > there and not allow_repeats):
        raise BadInput(
            f"This needs {wanted:,} sequences of {context:,} tokens ({wanted * context:,} tokens), but {dataset.name} "
            f"has {there:,} for training ({there * context:,} tokens). Lower the budgets, take a larger corpus"
            + ("." if there < 1 else ", or set allow_repeats = true.")
        )
    epochs = range(start // there, -(-wanted // there))
    orders = [seeded_order(there, data_seed, epoch) for epoch in epochs]
    order = np.concatenate(orders) if orders else np.zeros(0, dtype=np.int64)
    skip = start - (start // there) * there
    return _cut(dataset.train.tokens, order[skip : skip + n_sequences] * context, context)


@dataclass(frozen=True, eq=False)
class EvaluationSet:
    """Held-out windows, with the document of each target, so that a standard error can be clustered by document."""

    windows: Tokens
    """ids, shape [n, context + 1]"""
    mask: npt.NDArray[np.bool_]
    """which targets count, shape [n, context]: all but the padding of the last window"""
    documents: npt.NDArray[np.int32]
    """the held-out document of each target, shape [n, context]"""

    @property
    def n_targets(self) -> int:
        """Number of targets that count."""
        return int(self.mask.sum())


def evaluation_windows(dataset: Dataset, context: int, tokens: int) -> EvaluationSet:
    """A fixed choice of held-out windows with `tokens` targets, cut like the training stream; the same for every run.

    Windows are drawn from the whole held-out stream, since few tokens of many documents tell more than many of few.
    Raises `BadInput` if the held-out side has fewer than `tokens` targets.
    """
    stream, starts = dataset.held_out.tokens, dataset.held_out.starts
    targets = max(0, len(stream) - 1)
    if not 1 <= tokens <= targets:
        raise BadInput(
            f"evaluation.tokens = {tokens:,}, but {dataset.name} holds out {targets:,} tokens to predict "
            f"({dataset.held_out.n_documents:,} documents). Lower evaluation.tokens or raise corpus.held_out."
        )
    there = -(-targets // context)
    order = seeded_order(there, EVALUATION_SEED)
    # The window that may be short comes last, so that it is hardly ever needed.
    order = order[np.argsort(order == there - 1, kind="stable")]
    lengths = np.minimum(context, targets - order * context)
    enough = int(np.searchsorted(np.cumsum(lengths), tokens)) + 1
    chosen = order[:enough]
    lengths = lengths[:enough]
    lengths[-1] -= lengths.sum() - tokens
    at = chosen * context
    positions = np.minimum(at[:, None] + np.arange(1, context + 1), targets)
    documents = np.searchsorted(starts, positions, side="right") - 1
    padded = np.concatenate([stream, np.full(context, dataset.tokenizer.separator, dtype=stream.dtype)])
    return EvaluationSet(
        windows=_cut(padded, at, context),
        mask=np.arange(context) < lengths[:, None],
        documents=documents.astype(np.int32),
    )


def _cut(stream: Tokens, starts: npt.NDArray[np.int64], context: int) -> Tokens:
    return np.asarray(stream[starts[:, None] + np.arange(context + 1)])
