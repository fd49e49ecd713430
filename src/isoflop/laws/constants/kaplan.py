"""Kaplan et al. 2020, arXiv:2001.08361: three sets that must not be mixed (Tables 2, 3 and 5), and Table 6."""

from collections.abc import Mapping
from dataclasses import replace

from isoflop.conventions import Compute, LossUnit, Size
from isoflop.laws.constants.row import Published
from isoflop.laws.law import About

_KAPLAN = About(
    n_params=Size.NON_EMBEDDING,
    tokens="tokens of the training set; early stopping",
    flops=Compute.SIX_ND_NON_EMBEDDING,
    loss=LossUnit.NATS_PER_TOKEN,
    text="WebText2, BPE 50257",
    paper="kaplan2020",
    tag="V",
)

SETS: Mapping[str, Published] = {
    "KAPLAN_2020": Published(
        "Kaplan",
        {"N_c": 6.4e13, "D_c": 1.8e13, "alpha_N": 0.076, "alpha_D": 0.103},
        replace(_KAPLAN, source="arXiv:2001.08361, Table 2, the joint fit; Table 5 has other constants"),
    ),
    "KAPLAN_2020_STEPS": Published(
        "KaplanSteps",
        {"N_c": 6.5e13, "S_c": 2.1e3, "alpha_N": 0.077, "alpha_S": 0.76},
        replace(_KAPLAN, tokens="infinite data", source="arXiv:2001.08361, Table 3"),
    ),
}
