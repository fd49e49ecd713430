"""The recipe: from a size and a number of tokens to a shape, a batch and an optimizer, each rule with its paper."""

from dataclasses import dataclass

from isoflop.costs.shape import Shape
from isoflop.designs.field import knob
from isoflop.designs.sections import Section
from isoflop.runs.run import Optimizer


@dataclass(frozen=True)
class Recipe(Section):
    """How every run is trained: what stays the same, and how batch and learning rate follow width and tokens."""

    lr: float = knob(0.01, "peak learning rate of hidden matrices at the reference width and tokens", above=0, high=1)
    lr_width: int = knob(64, "reference width; the learning rate of hidden matrices goes as 1/width", low=1)
    lr_tokens: float = knob(1e6, "reference tokens of the learning rate", unit="tokens", above=0)
    lr_tokens_exponent: float = knob(0.3, "learning rate ∝ (reference / tokens)^this", low=0, high=1)
    lr_highest: float = knob(0.03, "no learning rate is above this, before the width's factor", above=0, high=1)
    embedding_lr: float = knob(0.01, "peak learning rate of embeddings at the reference tokens", above=0, high=1)
    batch: float = knob(480.0, "batch at the reference tokens", unit="tokens", above=0)
    batch_exponent: float = knob(0.4, "batch ∝ tokens^this", low=0, high=1)
    beta1: float = knob(0.9, "Adam's decay of the first moment", low=0, below=1)
    beta2_half_life: float = knob(150_000.0, "half-life of Adam's second moment", unit="tokens", above=0)
    warmup: float = knob(0.1, "share of the steps that warm up", low=0, high=0.5)
    decay: str = knob("linear", "shape of the decay to the end", choices=("linear", "cosine"))
    weight_decay: float = knob(0.0, "decoupled weight decay", low=0, high=1)
    clip: float = knob(1.0, "largest norm of the gradient", above=0)


def shape_for(size: tuple[int, int], *, vocab_size: int, context: int, head_dim: int) -> Shape:
    """[layers, width] → shape, with a feed-forward of 4 widths and heads that fill the width."""
    n_layers, width = size
    return Shape(n_layers, width, width // head_dim, head_dim, 4 * width, vocab_size, context)


def batch_for(recipe: Recipe, tokens: float, at_once: int) -> int:
    """Tokens of a batch: batch (tokens / lr_tokens)^batch_exponent in whole micro-batches of `at_once` tokens."""
    batch: float = recipe.batch * (tokens / recipe.lr_tokens) ** recipe.batch_exponent
    return at_once * max(1, round(batch / at_once))


def optimizer_for(recipe: Recipe, shape: Shape, *, tokens: int, batch_tokens: int) -> Optimizer:
    """Learning rate ∝ (lr_tokens / tokens)^lr_tokens_exponent, 1/width if hidden; beta2 = 2^(-batch / half-life)."""
    horizon = (recipe.lr_tokens / tokens) ** recipe.lr_tokens_exponent
    embedding_lr = min(recipe.lr_highest, recipe.embedding_lr * horizon)
    return Optimizer(
        peak_lr=min(recipe.lr_highest, recipe.lr * horizon) * recipe.lr_width / shape.width,
        embedding_lr=embedding_lr,
        head_lr=embedding_lr,
        beta1=recipe.beta1,
        beta2=0.5 ** (batch_tokens / recipe.beta2_half_life),
        eps=1e-8,
        weight_decay=recipe.weight_decay,
        clip=recipe.clip,
        warmup_steps=round(recipe.warmup * tokens / batch_tokens),
        decay=recipe.decay,
        final_lr_fraction=0.0,
    )
