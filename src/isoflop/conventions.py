"""What a number counts: N, C and L each mean several things, and a law takes only the one it was made with."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Size(StrEnum):
    """What N counts. A tied head is the input embedding: then "matrices and head" and "total" are one number."""

    NON_EMBEDDING = "non-embedding"
    WITH_HEAD = "matrices and head"
    TOTAL = "total"
    ACTIVE = "active"


class Compute(StrEnum):
    """What C counts, and its unit."""

    SIX_ND = "FLOPs, 6 N D"
    SIX_ND_NON_EMBEDDING = "FLOPs, 6 N D of non-embedding N"
    EXACT = "FLOPs as executed"
    PF_DAYS = "PF-days"


class LossUnit(StrEnum):
    """What L is measured in."""

    NATS_PER_TOKEN = "nats/token"
    BITS_PER_BYTE = "bits/byte"
    ERROR_RATE = "error rate"


Convention = Size | Compute | LossUnit

MEANINGS: Mapping[Convention, str] = {
    Size.NON_EMBEDDING: "parameters without embeddings and head",
    Size.WITH_HEAD: "weight matrices and output head, no input embedding",
    Size.TOTAL: "all parameters, embeddings included",
    Size.ACTIVE: "parameters that one token uses",
    Compute.SIX_ND: "FLOPs, counted as 6 N D",
    Compute.SIX_ND_NON_EMBEDDING: "FLOPs, counted as 6 N D with N non-embedding",
    Compute.EXACT: "FLOPs as executed, attention and head included",
    Compute.PF_DAYS: "petaflop/s-days of 8.64e19 FLOPs",
    LossUnit.NATS_PER_TOKEN: "nats per token: another tokenizer, another number",
    LossUnit.BITS_PER_BYTE: "bits per byte of text, whatever the tokenizer",
    LossUnit.ERROR_RATE: "share of wrong answers, 0 to 1",
}

_COUNTS = "isoflop.costs.counts"
CONVERSIONS: Mapping[tuple[Convention, Convention], str] = {
    (Size.NON_EMBEDDING, Size.TOTAL): f"{_COUNTS}.total_of",
    (Size.TOTAL, Size.NON_EMBEDDING): f"{_COUNTS}.nonembedding_of",
    (Size.NON_EMBEDDING, Size.WITH_HEAD): f"{_COUNTS}.with_head_of",
    (Size.WITH_HEAD, Size.NON_EMBEDDING): f"{_COUNTS}.nonembedding_of",
    (Size.WITH_HEAD, Size.TOTAL): f"{_COUNTS}.total_of",
    (Size.TOTAL, Size.WITH_HEAD): f"{_COUNTS}.with_head_of",
    **{(each, Compute.PF_DAYS): "isoflop.units.pf_days_of" for each in Compute if each != Compute.PF_DAYS},
    **{(Compute.PF_DAYS, each): "isoflop.units.flops_of" for each in Compute if each != Compute.PF_DAYS},
    **{
        (one, other): "isoflop.costs.flops.flops_per_token"
        for one in Compute
        for other in Compute
        if one != other and Compute.PF_DAYS not in (one, other)
    },
    (LossUnit.NATS_PER_TOKEN, LossUnit.BITS_PER_BYTE): "isoflop.units.bits_per_byte",
    (LossUnit.BITS_PER_BYTE, LossUnit.NATS_PER_TOKEN): "isoflop.units.nats_per_token",
}
"""The function that turns one into the other, where there is one."""


@dataclass(frozen=True)
class Counted:
    """A number, or an array, that says what it counts. A law takes it where its own symbol counts the same."""

    value: Any
    counts: Convention


def mismatch(law: str, symbol: str, given: Counted, wanted: Convention) -> str:
    """Why a law does not take a number: both meanings, and what converts."""
    said = f"{law}: {symbol} = {_shown(given.value)} counts {MEANINGS[given.counts]}; "
    said += f"this law's counts {MEANINGS[wanted]}. "
    function = CONVERSIONS.get((given.counts, wanted))
    return said + (f"Convert it with {function}." if function else "Nothing converts the one into the other.")


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, int | float) else str(value)
