"""What the names of laws' inputs and outputs stand for: symbol, unit, meaning."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf


@dataclass(frozen=True)
class Quantity:
    """The symbol of a named quantity in formulas, its unit, and what it is; many: a number for each drop.

    It lies between low and high; closed says which of these ends it may take itself: "low", "high", "both" or "".
    """

    symbol: str
    unit: str
    meaning: str
    many: bool = False
    low: float = 0.0
    high: float = inf
    closed: str = "high"

    def allows(self, value: float) -> bool:
        """Whether a number can be one of these; not-a-number cannot."""
        above = value >= self.low if self.closed in {"low", "both"} else value > self.low
        below = value <= self.high if self.closed in {"high", "both"} else value < self.high
        return above and below

    @property
    def range(self) -> str:
        """Where it lies, in words."""
        if self.high == inf:
            return "any number" if self.low == -inf else "from 0 on" if self.closed in {"low", "both"} else "above 0"
        return f"{self.low:g} to {self.high:g}" + ("" if self.closed == "both" else ", the ends not all included")


QUANTITIES: Mapping[str, Quantity] = {
    # of a model and its training
    "n_params": Quantity("N", "parameters", "size of the model; what is counted, each law says"),
    "n_params_total": Quantity("N_T", "parameters", "size of the model, embeddings included"),
    "tokens": Quantity("D", "tokens", "tokens trained on"),
    "unique_tokens": Quantity("U", "tokens", "different tokens among them"),
    "tokens_per_param": Quantity("D/N", "tokens/parameter", "tokens trained on for each parameter"),
    "flops": Quantity("C", "FLOPs", "training compute"),
    "pf_days": Quantity("C", "PF-days", "training compute, in units of 8.64e19 FLOPs"),
    "steps": Quantity("S", "steps", "optimiser steps"),
    "batch_tokens": Quantity("B", "tokens", "batch size"),
    "batch_sequences": Quantity("B", "sequences", "batch size"),
    "learning_rate": Quantity("eta", "1", "peak learning rate"),
    "weight_decay": Quantity("lambda", "1", "weight decay, decoupled (AdamW)"),
    "critical_batch_tokens": Quantity("B_crit", "tokens", "batch beyond which more of it saves few steps"),
    "flops_per_token": Quantity("M", "FLOPs/token", "training compute of one token"),
    "timescale": Quantity("tau", "1", "share of the run over which AdamW averages its updates"),
    "size_ratio": Quantity("N / N_0", "1", "size, as a multiple of that of a run whose answer is known"),
    "tokens_ratio": Quantity("D / D_0", "1", "tokens, as a multiple of those of a run whose answer is known"),
    "rate_ratio": Quantity("eta / eta_0", "1", "learning rate, as a multiple of the known one"),
    "width_ratio": Quantity("m_N", "1", "width, as a multiple of the width it was found at"),
    "depth_ratio": Quantity("m_L", "1", "layers, as a multiple of the depth it was found at"),
    "transfer_factor": Quantity("factor", "1", "what to multiply the found value by"),
    "gradient_norm_squared": Quantity("|G_B|^2", "gradient^2", "squared norm of a batch's gradient"),
    "progress": Quantity("dL", "nats/token", "what one step takes off the loss", closed="both"),
    "loss": Quantity("L", "nats/token", "cross-entropy; its unit, each law says", closed="both"),
    "loss_added": Quantity("delta", "nats/token", "what is added to the loss", closed="both"),
    "flops_ratio": Quantity("r", "1", "one training compute over another"),
    "size_growth": Quantity("N_opt(r C) / N_opt(C)", "1", "the best size for the one over that for the other"),
    "tokens_growth": Quantity("D_opt(r C) / D_opt(C)", "1", "the best tokens for the one over those for the other"),
    "context_position": Quantity("T", "tokens", "position of the token in its context, from 1"),
    # of a loss curve under a schedule (laws/history.py)
    "lr_sum": Quantity("S_1", "1", "sum of the learning rates so far", closed="both"),
    "lr_drops": Quantity("eta_(k-1) - eta_k", "1", "drops of the rate so far, one a column", many=True),
    "lr_since": Quantity("S_k", "1", "sum of the rates since each drop", many=True),
    "lr_after": Quantity("eta_k", "1", "the rate after each drop", many=True),
    "steps_since": Quantity("i - k", "steps", "steps since each drop", many=True),
    # of an architecture
    "experts": Quantity("E", "experts", "experts a layer"),
    "granularity": Quantity("G", "1", "how many times narrower an expert is than a dense layer"),
    "sparsity": Quantity("S", "1", "share of the experts that one token does not use", high=1.0, closed="low"),
    "weight_bits": Quantity("P_w", "bits", "precision of weights in training"),
    "activation_bits": Quantity("P_a", "bits", "precision of activations in training"),
    "cache_bits": Quantity("P_kv", "bits", "precision of attention's keys and values in training"),
    "bits": Quantity("P", "bits", "precision"),
    "vocab_params": Quantity("N_v", "parameters", "parameters of the embeddings"),
    "vocab_size": Quantity("V", "ids", "size of the vocabulary"),
    "tokens_per_character": Quantity("f", "tokens/character", "tokens that a character of text becomes"),
    "unigram_loss": Quantity(
        "L_u", "nats/token", "cross-entropy less that of knowing the tokens' frequencies alone", low=-inf, closed="both"
    ),
    "characters": Quantity("H", "characters", "characters trained on"),
    # of data
    "examples": Quantity("D", "examples", "examples trained or fine-tuned on"),
    "finetuning_tokens": Quantity("D_F", "tokens", "tokens or characters fine-tuned on"),
    "transferred": Quantity("D_T", "tokens", "tokens or characters that pre-training is worth", closed="both"),
    **{f"share_{j}": Quantity(f"r_{j}", "1", f"share of domain {j} in the training data") for j in range(1, 10)},
    # of what a model can do
    "error": Quantity("Err", "1", "share of wrong answers", high=1.0, closed="both"),
    "accuracy": Quantity("Acc", "1", "share of right answers", high=1.0, closed="both"),
    "nll": Quantity(
        "NLL", "nats", "negative log-likelihood of the right answer, normalised as the law says", closed="both"
    ),
    "task_loss": Quantity("L", "bits/byte", "bits per byte of the right answer", closed="both"),
    "attempts": Quantity("k", "samples", "answers drawn for one problem"),
    "coverage": Quantity("c", "1", "share of problems that one of the answers solves", high=1.0, closed="both"),
    "capability": Quantity(
        "S", "1", "capability of a model: a principal component of its benchmark scores", low=-inf, closed="both"
    ),
    "multiplier": Quantity("m", "1", "compute spent on an answer, over that of one plain answer"),
    "test_flops": Quantity("C_test", "FLOPs", "compute spent on an answer or a move"),
    "elo": Quantity("Elo", "Elo", "strength of a player", low=-inf, closed="both"),
    "reward": Quantity("R", "1", "mean reward, or pass rate", low=-inf, closed="both"),
    "x": Quantity("x", "its own", "whatever was scaled"),
}
