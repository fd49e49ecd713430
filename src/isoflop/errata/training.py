"""Claims about what was trained, on what and how: sizes, shapes, data, steps and optimisers."""

from math import log10

from isoflop.errata.erratum import Erratum, Kind, percent, power
from isoflop.errata.runs import FEWEST_TOKENS, LARGEST, SMALLEST, gpt_2_shape
from isoflop.laws.kaplan import KAPLAN_2020_STEPS
from isoflop.laws.kaplan_protocol import KAPLAN_2020_RUN, WEBTEXT2
from isoflop.laws.kaplan_single import KAPLAN_2020_TABLE_5_SIZE
from isoflop.laws.papers import fields

GPT_2_SIZES = ((12, 768), (24, 1024), (36, 1280), (48, 1600))
"""(layers, width) of the four models of GPT-2."""


def counted_with_embedding() -> int:
    """The claim's count of GPT-2 small: matrices, embedding, and some of the rest.

    It has the biases of the feed-forward blocks and the norms before both blocks, but no positions, no biases of
    attention and no last norm.
    """
    shape = gpt_2_shape(12, 768)
    biases, norms = shape.ff_width + shape.width, 2 * 2 * shape.width
    return shape.n_params + shape.n_layers * (biases + norms)


def _with_embedding() -> str:
    claimed, paper = counted_with_embedding(), gpt_2_shape(12, 768).n_params_nonembedding
    return (
        f"GPT-2 small becomes {claimed / 1e6:.1f}e6 instead of {paper / 1e6:.1f}e6 parameters, and its loss "
        f"{KAPLAN_2020_TABLE_5_SIZE(claimed):.3f} instead of {KAPLAN_2020_TABLE_5_SIZE(paper):.3f} nats/token."
    )


def _sizes() -> str:
    sizes = [gpt_2_shape(*each).n_params_nonembedding for each in GPT_2_SIZES]
    tiny = gpt_2_shape(4, 128).n_params_nonembedding
    said = f"{sizes[0] / 1e6:.1f}e6, {sizes[1] / 1e6:.0f}e6, {sizes[2] / 1e6:.0f}e6 and {sizes[3] / 1e9:.3f}e9"
    return f"12 n_layer d_model^2 makes these {said}, and 4 layers of width 128 have {tiny / 1e6:.3f}e6."


def _shapes() -> str:
    deep, wide = (gpt_2_shape(*each).n_params_nonembedding for each in ((207, 768), (6, 4288)))
    return f"The deepest has {power(deep)} parameters, the widest {power(wide)}: neither fits the claimed ranges."


def _largest_run() -> str:
    return f"A standard run of the largest model takes {power(LARGEST.flops)} FLOPs, {LARGEST.pf_days:.1f} PF-days."


def _early_stop() -> str:
    law = KAPLAN_2020_STEPS
    return (
        f"The best run stops {percent(law.alpha_N / law.alpha_S)} above its converged loss; a standard run went "
        f"{WEBTEXT2.epochs(KAPLAN_2020_RUN.tokens):.1f} times through its data."
    )


def _fewest_tokens() -> str:
    return f"The smallest set is {power(WEBTEXT2.tokens)} tokens halved ten times, {power(FEWEST_TOKENS, 2)}."


def _tokens_of_a_run() -> str:
    tokens = KAPLAN_2020_RUN.tokens
    return f"A standard run of 2.5e5 steps is {power(tokens)} tokens, not {power(2 * tokens)}."


def _depth_and_width() -> str:
    shapes = [gpt_2_shape(*each).n_params_nonembedding for each in ((12, 512), (6, 768))]
    losses = [KAPLAN_2020_TABLE_5_SIZE(n) for n in shapes]
    return (
        f"Such shapes, as (12, 512) and (6, 768), have {shapes[0] / 1e6:.1f}e6 to {shapes[1] / 1e6:.1f}e6 parameters, "
        f"for which L(N) gives {losses[0]:.2f} to {losses[1]:.2f} nats/token."
    )


def orders() -> tuple[float, float]:
    """Decades between the smallest and largest models, and between the smallest and largest sets of data."""
    return log10(LARGEST.n_params / SMALLEST.n_params), log10(WEBTEXT2.tokens / FEWEST_TOKENS)


def _orders() -> str:
    size, data = orders()
    return f"N spans {size:.1f} decades, D {data:.1f}; the 8 are of C_min."


def _batch_and_steps() -> str:
    return f"{KAPLAN_2020_RUN.steps:,} steps of {KAPLAN_2020_RUN.batch_tokens:,} tokens, with either optimiser."


def _dated() -> str:
    said = fields("kaplan2020")
    return f"Its number is arXiv:{said['eprint']}: January {said['year']}."


def _author() -> str:
    surname, name = fields("kaplan2020")["author"].split(" and ")[0].split(", ")
    return f"The first author is {name} {surname}."


def _smallest() -> str:
    return f"From {SMALLEST.n_params:,.0f} to {power(LARGEST.n_params, 2)} parameters without embeddings."


def one_step() -> float:
    """FLOPs of one step of the smallest model at the standard batch."""
    return 6 * SMALLEST.n_params * KAPLAN_2020_RUN.batch_tokens


def _compute_range() -> str:
    return (
        f"One step of the smallest model takes {power(one_step(), 2)} FLOPs, and the largest run "
        f"{power(LARGEST.flops, 2)}: both ends of the claim are too low."
    )


ROWS = (
    Erratum(
        22,
        "Kaplan's L(N) takes a model's parameters, embeddings included.",
        "N leaves out embeddings and positions, biases and norms.",
        (("kaplan2020", "sec. 2.1"),),
        Kind.UNIT,
        _with_embedding,
    ),
    Erratum(
        23,
        "GPT-2 was trained on 10e9 tokens.",
        "How many tokens it was trained on was not published.",
        (("radford2019", ""),),
        Kind.UNSUPPORTED,
        "A plan that is checked against GPT-2 is checked against a guess.",
    ),
    Erratum(
        25,
        "The paper's models have 117M, 350M, 762M and 1.5B parameters.",
        "Those are totals of GPT-2's models, embeddings included. The paper counts without.",
        (("kaplan2020", "eq. 2.1"), ("radford2019", "Table 2")),
        Kind.UNIT,
        _sizes,
    ),
    Erratum(
        26,
        "Its shapes have 2 to 64 layers, widths of 128 to 1024, and 1 to 128 heads.",
        "They go to 207 layers of width 768, and to a width of 4288 in 6 layers. No range of heads is given.",
        (("kaplan2020", "sec. 3 and Fig. 5"),),
        Kind.UNSUPPORTED,
        _shapes,
    ),
    Erratum(
        27,
        "Batches ranged from 256 to 524,288 tokens.",
        "2^19 = 524,288 tokens is the usual batch. It was varied to find the critical one; no limits are stated, and "
        "a figure spans more.",
        (("kaplan2020", "sec. 2.2 and Fig. 18"),),
        Kind.UNSUPPORTED,
        "S_min and C_min take the batch out of a run, so that no range of it is needed: eq. 5.4 and 5.5.",
    ),
    Erratum(
        28,
        "The study took 2.5e23 FLOPs in more than 300 runs on V100s.",
        "The paper names neither total, number of runs, nor device.",
        (("kaplan2020", "sec. 2.2"),),
        Kind.UNSUPPORTED,
        _largest_run,
    ),
    Erratum(
        31,
        "The paper finds that most is learned in the first epoch, and one epoch is best.",
        "The most efficient run stops before it converges; the standard runs went through their data several times.",
        (("kaplan2020", "eq. B.5 and sec. 2.3"),),
        Kind.READING,
        _early_stop,
    ),
    Erratum(
        32,
        "It explains the laws by implicit regularisation, or by what layers learn.",
        "It claims no such thing.",
        (("kaplan2020", ""),),
        Kind.UNSUPPORTED,
        "No number follows from an explanation that nobody tested there.",
    ),
    Erratum(
        33,
        "FlashAttention shifts the scaling curves.",
        "It computes the same attention in less time and memory: loss against FLOPs stays as it is.",
        (("dao2022", ""),),
        Kind.READING,
        "Time and money per FLOP change, and with them what a budget buys; L(C) does not.",
    ),
    Erratum(
        37,
        "The first author is John Kaplan.",
        "A slip of the text recognition, it seems.",
        (("kaplan2020", ""),),
        Kind.READING,
        _author,
    ),
    Erratum(
        38,
        "Data range from 2.9e7 tokens.",
        "From 22 million to 23 billion.",
        (("kaplan2020", "sec. 1.2 and 4.2"),),
        Kind.CONSTANT,
        _fewest_tokens,
    ),
    Erratum(
        39,
        "A run trains on D = 2 B S tokens.",
        "On D = B S. The 2 is of S = 2 S_min, at the critical batch alone.",
        (("kaplan2020", "sec. 2.1 and eq. 5.4"),),
        Kind.FORMULA,
        _tokens_of_a_run,
    ),
    Erratum(
        41,
        "A table of depths and widths at about 130M parameters shows losses of 3.09 to 3.37.",
        "The paper has no such table. It finds (6, 4288) within 3 % of (48, 1600).",
        (("kaplan2020", "Fig. 5"),),
        Kind.UNSUPPORTED,
        _depth_and_width,
    ),
    Erratum(
        43,
        "The trends span seven orders of magnitude in model size and in data.",
        "Six in N, more than two in D, eight in C_min.",
        (("kaplan2020", "sec. 1.2"),),
        Kind.READING,
        _orders,
    ),
    Erratum(
        46,
        "All models were trained with Adam.",
        "Those above 1e9 parameters with Adafactor. The number of steps was one and the same.",
        (("kaplan2020", "sec. 2.2"),),
        Kind.READING,
        _batch_and_steps,
    ),
    Erratum(
        47,
        "It was published on 7 March 2026.",
        "On 23 January 2020, on arXiv.",
        (("kaplan2020", ""),),
        Kind.READING,
        _dated,
    ),
    Erratum(
        54,
        "Models range from 1e3 to 1.6e9 parameters.",
        "Both ends are other models: Kaplan's N has no embeddings.",
        (("kaplan2020", "sec. 3"),),
        Kind.CONSTANT,
        _smallest,
    ),
    Erratum(
        55,
        "Runs range from 3.5e3 to 2.4e17 FLOPs.",
        "The paper's axes are in PF-days, and no such limits are stated.",
        (("kaplan2020", "sec. 2.2"),),
        Kind.UNSUPPORTED,
        _compute_range,
    ),
    Erratum(
        56,
        "Runs were repeated for significance, and hyper-parameters tuned at every scale.",
        "Noise between seeds is put at 0.02. Of the learning rate there is a rule of the size.",
        (("kaplan2020", "sec. 4.2 and eq. D.1"),),
        Kind.UNSUPPORTED,
        "A difference below 0.02 in the loss is within what a seed does.",
    ),
    Erratum(
        58,
        "The laws hold whatever the architecture.",
        "LSTMs keep up on early tokens and fall behind on late ones; models of one layer lie off the line.",
        (("kaplan2020", "Fig. 6, 7 and 17"),),
        Kind.READING,
        "A law from other shapes is a guess for yours: fit one.",
    ),
)
