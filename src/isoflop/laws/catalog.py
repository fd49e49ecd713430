"""The laws by name: their forms, and the constants that were published of them.

A form's module is loaded when it is asked for, and so are those of all forms where one is looked for by its output.
"""

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from isoflop.errors import BadInput
from isoflop.laws.law import Law
from isoflop.laws.published import PUBLISHED, Published, constants

__all__ = [
    "FORMS",
    "PUBLISHED",
    "Published",
    "constants",
    "find",
    "form",
    "law_from_json",
    "listed",
    "loss_form",
    "loss_forms",
    "published_law",
    "sets_of",
    "typed_name",
]

FORMS: Mapping[str, str] = {
    # loss of dense models, and the best size for a budget
    "Chinchilla": "isoflop.laws.chinchilla",
    "Farseer": "isoflop.laws.farseer",
    "OptimalSize": "isoflop.laws.power",
    "OptimalTokens": "isoflop.laws.power",
    "TokensPerParam": "isoflop.laws.power",
    "TotalSize": "isoflop.laws.counting",
    # Kaplan et al. 2020
    "Kaplan": "isoflop.laws.kaplan",
    "KaplanSteps": "isoflop.laws.kaplan",
    "DataNeeded": "isoflop.laws.kaplan",
    "KaplanSize": "isoflop.laws.kaplan_single",
    "KaplanData": "isoflop.laws.kaplan_single",
    "KaplanCompute": "isoflop.laws.kaplan_single",
    "KaplanLogarithm": "isoflop.laws.kaplan_single",
    "LossInContext": "isoflop.laws.kaplan_single",
    "CriticalBatchOfLoss": "isoflop.laws.kaplan_batch",
    "KaplanOptimalSize": "isoflop.laws.kaplan_frontier",
    "KaplanOptimalBatch": "isoflop.laws.kaplan_frontier",
    "KaplanOptimalSteps": "isoflop.laws.kaplan_frontier",
    "KaplanOptimalTokens": "isoflop.laws.kaplan_frontier",
    "LearningRateOfSize": "isoflop.laws.kaplan_protocol",
    # the gradient noise scale
    "GradientNorm": "isoflop.laws.noise_scale",
    "BestRate": "isoflop.laws.noise_scale",
    "StepProgress": "isoflop.laws.noise_scale",
    "StepsAndTokens": "isoflop.laws.noise_scale",
    # repeated data
    "DataConstrained": "isoflop.laws.data_constrained",
    "RepetitionPenalty": "isoflop.laws.data_constrained",
    # trained beyond the best number of tokens
    "Overtraining": "isoflop.laws.overtraining",
    # batch, learning rate, weight decay
    "StepsToTarget": "isoflop.laws.critical_batch",
    "CriticalBatch": "isoflop.laws.critical_batch",
    "CriticalBatchByTokens": "isoflop.laws.critical_batch",
    "LearningRate": "isoflop.laws.learning_rate",
    "LearningRateBySize": "isoflop.laws.learning_rate",
    "LearningRateByCompute": "isoflop.laws.learning_rate",
    "LearningRateRatio": "isoflop.laws.learning_rate",
    "BatchByTokens": "isoflop.laws.batch",
    "BatchBySize": "isoflop.laws.batch",
    "BatchByCompute": "isoflop.laws.batch",
    "OptimalScale": "isoflop.laws.deepseek",
    "Timescale": "isoflop.laws.weight_decay",
    "WeightDecay": "isoflop.laws.weight_decay",
    "Parametrization": "isoflop.laws.parametrization",
    # schedules
    "MultiPower": "isoflop.laws.multipower",
    "Annealing": "isoflop.laws.tissue",
    "AnnealingBySize": "isoflop.laws.tissue",
    # experts, precision, vocabulary
    "Routed": "isoflop.laws.routed",
    "FineGrainedExperts": "isoflop.laws.experts",
    "SparseExperts": "isoflop.laws.experts",
    "TrainedPrecision": "isoflop.laws.precision",
    "QuantizationPenalty": "isoflop.laws.precision",
    "Vocabulary": "isoflop.laws.vocabulary",
    "OptimalVocabulary": "isoflop.laws.vocabulary",
    "TokensPerCharacter": "isoflop.laws.vocabulary",
    # mixtures, transfer, fine-tuning, modalities
    **{f"Mixing{domains}": "isoflop.laws.mixing" for domains in range(2, 10)},
    "Transfer": "isoflop.laws.transfer",
    "TransferLoss": "isoflop.laws.transfer",
    "RectifiedFineTuning": "isoflop.laws.finetuning",
    "VanillaFineTuning": "isoflop.laws.finetuning",
    "MultiplicativeFineTuning": "isoflop.laws.finetuning",
    "ModalityLoss": "isoflop.laws.modality",
    "SizeGrowth": "isoflop.laws.modality",
    "TokensGrowth": "isoflop.laws.modality",
    # downstream
    "DownstreamError": "isoflop.laws.overtraining",
    "TaskLoss": "isoflop.laws.downstream",
    "TaskAccuracy": "isoflop.laws.downstream",
    "LossAccuracy": "isoflop.laws.downstream",
    "AnswerNLL": "isoflop.laws.downstream",
    "AnswerAccuracy": "isoflop.laws.downstream",
    "Capability": "isoflop.laws.downstream",
    "CapabilityAccuracy": "isoflop.laws.downstream",
    # compute at test time, reinforcement learning
    "Coverage": "isoflop.laws.test_time",
    "BetaCoverage": "isoflop.laws.test_time",
    "LogLinearAccuracy": "isoflop.laws.test_time",
    "SigmoidReward": "isoflop.laws.reinforcement",
    "PlayCompute": "isoflop.laws.reinforcement",
    # any learning curve, any inputs
    "SumOfPowers": "isoflop.laws.generic",
    "PowerLaw": "isoflop.laws.power",
    "FlooredPowerLaw": "isoflop.laws.power",
    "BendingPowerLaw": "isoflop.laws.power",
    "M1": "isoflop.laws.learning_curves",
    "M2": "isoflop.laws.learning_curves",
    "M2Excess": "isoflop.laws.learning_curves",
    "M3": "isoflop.laws.learning_curves",
    "M4": "isoflop.laws.learning_curves",
    **{f"BNSL{breaks}": "isoflop.laws.breaks" for breaks in range(1, 10)},
}

MADE: Mapping[str, str] = {
    r"SumOfPowers\(.+\)": "isoflop.laws.generic",
    r"BNSL\d+": "isoflop.laws.breaks",
}
"""Forms that are made when they are asked for, in any number, by a pattern of their names."""


def form(name: str) -> type[Law]:
    """The form of this name. Raises `BadInput` naming those there are."""
    module = FORMS.get(name) or next((where for names, where in MADE.items() if re.fullmatch(names, name)), None)
    if module is None:
        raise BadInput(f"No law is called {name!r}. There are {', '.join(FORMS)}.")
    found: type[Law] = getattr(import_module(module), name)
    return found


def published_law(name: str) -> Law:
    """The law of a published set of constants. Raises `BadInput` naming those there are."""
    given = constants(name)
    return form(PUBLISHED[name].form)(**given)


def sets_of(name: str) -> tuple[str, ...]:
    """The names of the published sets of a form's constants."""
    return tuple(each for each, row in PUBLISHED.items() if row.form == name)


def listed() -> tuple[str, ...]:
    """Every law once: with any number of breaks or domains it is one law, and M2 as its authors fit it is M2."""
    return tuple(name for name in FORMS if not re.fullmatch(r"BNSL[2-9]|Mixing[3-9]|M2Excess", name))


def typed_name(name: str) -> str:
    """The name of a form as people type it: `kaplan-steps`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def find(name: str) -> tuple[str, tuple[str, ...]]:
    """The form and the sets that a typed name means: of a form all its sets, of a set that one alone.

    Case, hyphens and underscores do not matter. Raises `BadInput` with names that are near.
    """
    for each in FORMS:
        if _letters(each) == _letters(name):
            return each, sets_of(each)
    if made := _made_name(name):
        return made, ()
    for first in ("BNSL1", "Mixing2"):  # any number of breaks or domains: the simplest stands for all
        if _letters(name) == _letters(first)[:-1]:
            return first, sets_of(first)
    for each, row in PUBLISHED.items():
        if _letters(each) == _letters(name):
            return row.form, (each,)
    there = {_letters(each): typed_name(each) for each in FORMS} | {_letters(each): each for each in PUBLISHED}
    near = [there[each] for each in get_close_matches(_letters(name), there, n=3, cutoff=0.5)]
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    raise BadInput(f"No law and no set of constants is called {name!r}. {hint}`isoflop laws` lists them.")


def loss_form(name: str) -> type[Law]:
    """The form of a loss by a name as people type it: `chinchilla`, `sum-of-powers(tokens)`. Raises `BadInput`."""
    made = _made_name(name)
    if made and (own := form(made)).output == "loss":
        return own
    losses = {each: found for each in FORMS if (found := form(each)).output == "loss"}
    typed = {_letters(each): each for each in losses}
    if _letters(name) not in typed:
        there = ", ".join(typed_name(each) for each in losses)
        raise BadInput(f"No law of the loss is called {name!r}. There are {there}.")
    return losses[typed[_letters(name)]]


def loss_forms(columns: Collection[str]) -> tuple[type[Law], ...]:
    """Every form of the loss whose inputs are among these columns and say what was spent: C, or N and D."""
    forms = (form(name) for name in FORMS)
    return tuple(
        each
        for each in forms
        if each.output == "loss"
        and set(each.inputs) <= set(columns)
        and ("flops" in each.inputs or {"n_params", "tokens"} <= set(each.inputs))
    )


def _made_name(name: str) -> str:
    """The name of a form that is made when it is asked for, typed as people do; "" where it is none."""
    front, bracket, inputs = name.partition("(")
    spelt = {"sumofpowers": "SumOfPowers"}.get(_letters(front), front.upper()) + bracket + inputs
    return spelt if any(re.fullmatch(names, spelt) for names in MADE) else ""


def _letters(name: str) -> str:
    return re.sub(r"[-_ ]", "", name).lower()


def law_from_json(values: Mapping[str, Any]) -> Law:
    """The law that `Law.to_json` wrote, whichever catalogued form it has."""
    return form(values["form"]).from_json(values)
