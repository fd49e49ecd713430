"""The recipe: from a size and a number of tokens to a shape, a batch and an optimizer, each rule with its reason.

The defaults were found on byte models of 3e3 to 1e5 parameters at 1e10 to 6e11 FLOPs (docs/recipe.md has the log).
"""

import math
from dataclasses import dataclass

from isoflop.costs.shape import Shape
from isoflop.designs.field import knob
from isoflop.designs.sections import Section
from isoflop.runs.run import Optimizer

EPSILON = 1e-8  # Adam's


@dataclass(frozen=True)
class Recipe(Section):
    """How every run is trained: what stays the same, and how batch and learning rates follow width and tokens."""

    lr: float = knob(0.0046, "peak learning rate of hidden matrices at lr_width", above=0, high=1)
    lr_width: int = knob(64, "the width that lr is said for", low=1)
    lr_width_exponent: float = knob(
        0.8,
        "that learning rate ∝ (lr_width / width)^this: 1 is muP's; 0.8 fits what was best at four corners of a ladder",
        low=0,
        high=2,
    )
    embedding_lr: float = knob(0.1, "peak learning rate of the embedding, at any width", above=0, high=1)
    head_lr: float = knob(0.04, "peak learning rate of the output head, at any width", above=0, high=1)
    lr_tokens: float = knob(1e6, "the tokens of a run that learning rates and batch are said for", above=0)
    lr_tokens_exponent: float = knob(
        0.0,
        "all learning rates ∝ (lr_tokens / tokens)^this; 0 where the batch grows with the tokens, about 0.3 where it "
        "is fixed (Bjorck et al. 2024)",
        low=0,
        high=1,
    )
    batch: float = knob(250.0, "batch of a run of lr_tokens", unit="tokens", above=0)
    batch_exponent: float = knob(0.4, "batch ∝ tokens^this (Bergsma et al. 2025 find 0.38)", low=0, high=1)
    beta1: float = knob(0.9, "Adam's decay of the first moment", low=0, below=1)
    beta2: float = knob(0.99, "Adam's decay of the second moment; 0.95 is too fast for small batches", low=0, below=1)
    warmup: float = knob(0.1, "share of the steps that warm up", low=0, high=0.5)
    decay: str = knob("linear", "shape of the decay to zero at the last step", choices=("linear", "cosine"))
    weight_decay: float = knob(0.0, "decoupled weight decay, times the learning rate", low=0, high=1)
    clip: float = knob(1.0, "largest norm of the gradient", above=0)


def shape_for(size: tuple[int, int], *, vocab_size: int, context: int, head_dim: int) -> Shape:
    """[layers, width] → shape: feed-forward of 4 widths, and as many heads of head_dim as cover the width."""
    n_layers, width = size
    return Shape(n_layers, width, math.ceil(width / head_dim), head_dim, 4 * width, vocab_size, context)


def batch_for(recipe: Recipe, tokens: float, at_once: int) -> int:
    """Tokens of a batch: batch (tokens / lr_tokens)^batch_exponent in whole micro-batches of `at_once` tokens."""
    batch: float = recipe.batch * (tokens / recipe.lr_tokens) ** recipe.batch_exponent
    return at_once * max(1, round(batch / at_once))


def optimizer_for(recipe: Recipe, shape: Shape, *, tokens: int, batch_tokens: int) -> Optimizer:
    """Rates ∝ (lr_tokens / tokens)^lr_tokens_exponent; hidden ones ∝ (lr_width / width)^lr_width_exponent too."""
    horizon = (recipe.lr_tokens / tokens) ** recipe.lr_tokens_exponent
    return Optimizer(
        peak_lr=recipe.lr * horizon * (recipe.lr_width / shape.width) ** recipe.lr_width_exponent,
        embedding_lr=recipe.embedding_lr * horizon,
        head_lr=recipe.head_lr * horizon,
        beta1=recipe.beta1,
        beta2=recipe.beta2,
        eps=EPSILON,
        weight_decay=recipe.weight_decay,
        clip=recipe.clip,
        warmup_steps=max(1, round(recipe.warmup * tokens / batch_tokens)),
        decay=recipe.decay,
        final_lr_fraction=0.0,
    )
