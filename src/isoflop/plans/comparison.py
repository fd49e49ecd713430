"""What other laws say to the same compute, side by side, and what following them costs by the law planned by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from isoflop.conventions import MEANINGS
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Fit
from isoflop.laws.published import PUBLISHED
from isoflop.plans.answer import Answer
from isoflop.plans.plan import Quantity
from isoflop.plans.said import COMPARED, YOURS, Said, fitted_said, published_said, spread_of
from isoflop.plans.same_loss import few, least_flops, losses, median
from isoflop.plans.settling import tightest
from isoflop.plans.vocabulary import counted_as, vocabulary

_DIGITS = 10  # of a share: below them it is rounding


@dataclass(frozen=True)
class Row:
    """What one law says is best for flops (FLOPs): N (by its own count), D (tokens), its loss (nats/token) or None.

    loss_of: the text of that loss. epochs: None where the law knows none. planned: whether the plan is this. Following
    it, with follow_n_params, N as the plan counts it, and the tokens that the budget leaves, by the law planned by, as
    medians: loss_added nats/token beyond the plan's loss, and as a share of it; compute_lost: the share of the FLOPs
    that the best split would not need for that loss. None where that law cannot say; of the plan itself only where it
    is bound. notes: what its numbers mean. spread, beyond: as of `Said`.
    """

    law: str
    flops: float
    sets: tuple[str, ...]
    n_params: float
    tokens: float
    loss: float | None
    loss_of: str
    counts: str
    epochs: float | None
    planned: bool
    follow_n_params: float | None
    loss_added: float | None
    share_added: float | None
    compute_lost: float | None
    notes: tuple[str, ...]
    spread: Mapping[str, Quantity] = field(default_factory=dict)
    beyond: tuple[str, float] | None = None

    @property
    def tokens_per_param(self) -> float:
        """D / N."""
        return self.tokens / self.n_params

    def quantity(self, name: str) -> Quantity:
        """n_params, tokens or loss with its interval, where it has one."""
        return self.spread.get(name) or Quantity(getattr(self, name))

    def to_json(self) -> dict[str, Any]:
        """Plain values, null where unknown; N, D and loss as {"median", "low", "high", "level"}."""
        return {
            **{name: value for name, value in vars(self).items() if name != "spread"},
            **{name: vars(self.quantity(name)) for name in ("n_params", "tokens", "loss")},
            "beyond": None if self.beyond is None else {"quantity": self.beyond[0], "decades": self.beyond[1]},
            "sets": list(self.sets),
            "notes": list(self.notes),
            "tokens_per_param": self.tokens_per_param,
        }


def compared(answer: Answer, fits: Sequence[Fit] = ()) -> tuple[Row, ...]:
    """The plan first, then every law of `COMPARED` and every fit that splits a budget, each best for the plan's FLOPs.

    Others know none of the plan's constraints but the budget, and, where they value repetition, the unique tokens. A
    loss is of the law's own text: it is compared with none of another. fits: of the user's fit.json.
    """
    flops, unique = answer.flops, answer.split.aim.unique_tokens
    said = [_plan(answer)]
    others = {name: sets for name, sets in COMPARED.items() if answer.source.name not in sets}
    said += [published_said(name, sets, flops, unique) for name, sets in others.items()]
    said += fitted_said([fit for fit in fits if not _is_planned(fit, answer)], flops, unique)
    found = few(answer.split)
    source = answer.source
    ids = vocabulary(answer.question, own=source.own, recorded=source.vocab_size)
    sizes = [counted_as(each.n_params, each.size, source.counts, ids) for each in said]
    tells = [not each.planned or bool(_constraints(answer)) for each in said]
    follow = np.asarray([each if each is not None else np.nan for each, _ in sizes])[None, :]
    with np.errstate(invalid="ignore"):
        at = losses(found.bag, follow, flops / (6 * follow), unique)
    budgets = least_flops(found.bag, at, flops, unique)
    ours = losses(found.bag, np.asarray([[answer.n_params]]), np.asarray([[answer.tokens]]), unique)
    added, share = at - ours, at / ours - 1
    lost = np.where(np.isfinite(at), np.maximum(np.round(1 - budgets / flops, _DIGITS), 0.0), np.nan)
    return tuple(
        Row(
            law=each.law,
            flops=flops,
            sets=each.sets,
            n_params=each.n_params,
            tokens=each.tokens,
            loss=each.loss,
            loss_of=each.loss_of,
            counts=each.counts,
            epochs=each.epochs,
            planned=each.planned,
            follow_n_params=sizes[i][0],
            loss_added=median(found.bag, added[:, i]) if tells[i] else None,
            share_added=median(found.bag, share[:, i]) if tells[i] else None,
            compute_lost=median(found.bag, lost[:, i]) if tells[i] else None,
            notes=each.notes + ((converted,) if converted else ()),
            spread=each.spread,
            beyond=each.beyond,
        )
        for i, (each, (_, converted)) in enumerate(zip(said, sizes, strict=True))
    )


def _plan(answer: Answer) -> Said:
    source, given, loss = answer.source, _constraints(answer), answer.split.aim.loss
    notes = [f"bound by {given}, as the others are not"] if given else []
    if loss is not None:
        notes.append(f"the compute is what {loss:g} nats/token take by it; the others are not asked for that loss")
    epochs = answer.split.median("epochs") if answer.split.aim.unique_tokens else None
    return Said(
        f"{type(source.law).__name__}, yours" if source.own else source.name,
        (source.name,) if source.name in PUBLISHED else (),
        answer.n_params,
        answer.tokens,
        source.counts,
        MEANINGS[source.counts],
        answer.split.median("loss"),
        source.text or YOURS,
        epochs,
        True,
        tuple(notes),
        spread=spread_of(answer.split),
    )


def _constraints(answer: Answer) -> str:
    aim = answer.split.aim
    said = {
        "N given": aim.n_params is not None,
        "D given": aim.tokens is not None,
        "--inference-tokens": bool(aim.served),
        tightest(answer.most)[0] if answer.most else "": answer.split.capped > 0.5,
    }
    return ", ".join(name for name, holds in said.items() if holds)


def _is_planned(fit: Fit, answer: Answer) -> bool:
    """Whether the plan is by this fit, perhaps with a worth of repetition added to its laws."""
    laws = (fit.sample or Ensemble((fit.law,))).laws
    planned = answer.source.bag.laws
    if not answer.source.own or len(laws) != len(planned):
        return False
    return all(law.constants.items() <= other.constants.items() for law, other in zip(laws, planned, strict=True))
