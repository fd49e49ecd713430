"""A decoder-only Transformer in plain JAX: pre-norm, RoPE, GELU, untied zero-initialised head, no gains, no biases.

Every weight is a matrix, so the parameter counts of `costs.shape.Shape` are exact. Written for small shapes on a CPU,
where element-wise work and copies cost as much as the matrix products: heads come before positions, the causal mask is
added, the softmax is normalised after the values are mixed, and the layers are unrolled. Together 1.7 times the tokens
per second of `jax.nn.softmax` in a scan over layers (widths 16 to 96, one core, 2026-11).
"""

from typing import TypedDict

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from isoflop.costs.shape import Shape

EMBEDDING_STD = 0.5
NORM_EPSILON = 1e-6
ROPE_BASE = 100.0
"""Of the order of the context: the four frequencies of a head of 8 then tell near positions apart. 10,000, made for
contexts of thousands, cost 1 % of the loss at contexts of 64 and 128, from 1e10 to 6e11 FLOPs."""

MASKED = -1e9
"""Added to the scores of later positions: their weights come out as exactly 0."""


class Block(TypedDict):
    """The matrices of all layers, each with a leading axis of n_layers."""

    qkv: Array
    attention_out: Array
    ff_in: Array
    ff_out: Array


class Params(TypedDict):
    """All weights: embedding [V, d], blocks, head [d, V]."""

    embedding: Array
    blocks: Block
    head: Array


def initialise(shape: Shape, seed: int) -> Params:
    """Weights at step 0, float32.

    Matrices are normal with std fan_in^-1/2, those that write to the residual stream divided by sqrt(2 n_layers)
    (Radford et al. 2019); the embedding has std 0.5; the head is zero, so that the first loss is ln V at any width.
    """
    L, d, a, f, V = shape.n_layers, shape.width, shape.attention_width, shape.ff_width, shape.vocab_size
    # NumPy draws them at once; JAX would compile its random numbers anew for each shape, for seconds.
    random = np.random.Generator(np.random.Philox(seed))

    def normal(std: float, *sizes: int) -> Array:
        return jnp.array(np.float32(std) * random.standard_normal(sizes, dtype=np.float32))

    to_residual = (2 * L) ** -0.5
    return {
        "embedding": normal(EMBEDDING_STD, V, d),
        "blocks": {
            "qkv": normal(d**-0.5, L, d, 3 * a),
            "attention_out": normal(to_residual * a**-0.5, L, a, d),
            "ff_in": normal(d**-0.5, L, d, f),
            "ff_out": normal(to_residual * f**-0.5, L, f, d),
        },
        "head": jnp.array(np.zeros((d, V), np.float32)),
    }


def logits(params: Params, tokens: Array, shape: Shape) -> Array:
    """Next-token logits [B, T, V] of token ids [B, T]; the dtype of the weights is the dtype of the arithmetic."""
    x = params["embedding"][tokens]
    cos, sin = _rotation(tokens.shape[1], shape.head_dim, x.dtype)
    for i in range(shape.n_layers):
        block: Block = jax.tree.map(lambda matrices, i=i: matrices[i], params["blocks"])
        x = x + _attention(_norm(x), block, shape, cos, sin)
        x = x + jax.nn.gelu(_norm(x) @ block["ff_in"]) @ block["ff_out"]
    return _norm(x) @ params["head"]


def token_losses(params: Params, windows: Array, shape: Shape) -> Array:
    """Cross-entropy in nats of each predicted token, float32 [B, T], for windows of T + 1 token ids."""
    scores = logits(params, windows[:, :-1], shape).astype(jnp.float32)
    target = jnp.take_along_axis(scores, windows[:, 1:, None], axis=-1)[..., 0]
    return jax.nn.logsumexp(scores, axis=-1) - target


def _attention(x: Array, block: Block, shape: Shape, cos: Array, sin: Array) -> Array:
    B, T, _ = x.shape
    qkv = (x @ block["qkv"]).reshape(B, T, 3, shape.n_heads, shape.head_dim).transpose(2, 0, 3, 1, 4)
    q, k, v = _rotate(qkv[0], cos, sin) * shape.head_dim**-0.5, _rotate(qkv[1], cos, sin), qkv[2]
    scores = jnp.einsum("bhqd,bhkd->bhqk", q, k).astype(jnp.float32)
    scores = scores + jnp.where(jnp.tril(jnp.ones((T, T), dtype=bool)), 0.0, MASKED)
    weights = jnp.exp(scores - jax.lax.stop_gradient(jnp.max(scores, axis=-1, keepdims=True)))
    total = jnp.sum(weights, axis=-1)
    mixed = jnp.einsum("bhqk,bhkd->bhqd", weights.astype(v.dtype), v) / total[..., None].astype(v.dtype)
    return mixed.transpose(0, 2, 1, 3).reshape(B, T, shape.attention_width) @ block["attention_out"]


def _norm(x: Array) -> Array:
    """RMS norm without a gain (Zhang & Sennrich 2019), in float32."""
    x32 = x.astype(jnp.float32)
    return (x32 * jax.lax.rsqrt(jnp.mean(x32 * x32, axis=-1, keepdims=True) + NORM_EPSILON)).astype(x.dtype)


def _rotation(length: int, head_dim: int, dtype: jnp.dtype) -> tuple[Array, Array]:
    """Cosines and sines [T, head_dim / 2] of the rotary embedding (Su et al. 2021)."""
    frequencies = ROPE_BASE ** (-jnp.arange(0, head_dim, 2) / head_dim)
    angles = jnp.arange(length)[:, None] * frequencies
    return jnp.cos(angles).astype(dtype), jnp.sin(angles).astype(dtype)


def _rotate(x: Array, cos: Array, sin: Array) -> Array:
    left, right = jnp.split(x, 2, axis=-1)
    return jnp.concatenate([left * cos - right * sin, left * sin + right * cos], axis=-1)
