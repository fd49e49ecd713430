"""Models trained beyond or short of the best number of tokens."""

from collections.abc import Mapping
from dataclasses import replace

from isoflop.conventions import Compute, LossUnit, Size
from isoflop.laws.constants.row import Published
from isoflop.laws.law import About

_GADRE = About(
    n_params=Size.TOTAL,
    tokens="tokens trained on, none repeated",
    flops=Compute.SIX_ND,
    loss=LossUnit.NATS_PER_TOKEN,
    source="arXiv:2403.08540, its table of fits",
    paper="gadre2024",
    tag="M",
    unverified=(
        "all constants, from memory: nobody has seen the table. The authors' runs, refitted by their recipe, give the "
        "same to the digits here"
    ),
)
_LOSS = replace(
    _GADRE,
    note="fitted to 5 models, whose range this is: 4 sizes at 20 tokens a parameter and the smallest at 320; the other "
    "99 of the 104, to 6.9e9 parameters and 640 tokens each, judge it. Losses are on C4's evaluation; the tokenizer is "
    "not recorded",
    fitted={
        "n_params": (10569312, 411616256),
        "tokens": (20 * 10569312, 20 * 411616256),
        "tokens_per_param": (20, 320),
    },
)
_ERROR = replace(
    _GADRE,
    note="mean top-1 error of 17 tasks against the loss on C4's evaluation, of 6 models of up to 1.4e9 parameters",
)
_TEXTS = {"C4": "C4", "REDPAJAMA": "RedPajama", "REFINEDWEB": "RefinedWeb"}

SETS: Mapping[str, Published] = {
    **{
        f"GADRE_2024_{text}": Published(
            "Overtraining",
            dict(zip(("E", "a", "b", "eta"), values, strict=True)),
            replace(
                _LOSS,
                text=f"trained on {_TEXTS[text]}, evaluated on C4",
                disputed="misses its 6.9e9-parameter model by 4.3 % of the loss" if text == "C4" else "",
            ),
        )
        for text, values in {
            "C4": (1.51, 141.0, 190.0, 0.121),
            "REDPAJAMA": (1.84, 212.0, 367.0, 0.136),
            "REFINEDWEB": (1.73, 157.0, 246.0, 0.127),
        }.items()
    },
    **{
        f"GADRE_2024_{text}_ERROR": Published(
            "DownstreamError",
            dict(zip(("epsilon", "k", "gamma"), values, strict=True)),
            replace(_ERROR, text=f"trained on {_TEXTS[text]}, loss on C4"),
        )
        for text, values in {
            "C4": (0.850, 2.08, 0.756),
            "REDPAJAMA": (0.857, 2.21, 0.715),
            "REFINEDWEB": (0.865, 2.21, 0.707),
        }.items()
    },
    "DEVRIES_2023": Published(
        "Chinchilla",
        {"E": 1.62, "A": 406.4, "B": 410.7, "alpha": 0.336, "beta": 0.283},
        About(
            n_params=Size.TOTAL,
            tokens="tokens trained on, none repeated",
            flops=Compute.EXACT,
            loss=LossUnit.NATS_PER_TOKEN,
            text="MassiveText, SentencePiece 32k",
            source="harmdevries.com/post/model-size-vs-compute-overhead, below its last table",
            paper="devries2023",
            tag="V2",
            note=(
                "Hoffmann's printed constants with exponents moved until they give Table A3 of arXiv:2203.15556; with "
                "them the example of arXiv:2401.00448, sec. 2, comes out (6e9 parameters on 1.18 times the data)"
            ),
            disputed="E is 1.69 in the paper, and in the post's own formula; no best split depends on it",
        ),
    ),
}
