"""The laws by name: their forms, and the constants that were published of them.

A form's module is loaded when it is asked for, and so are those of all forms where one is looked for by its output.
"""

import re
from collections.abc import Collection, Mapping
from importlib import import_module
from typing import Any

from isoflop.errors import BadInput
from isoflop.laws.law import Law
from isoflop.laws.published import PUBLISHED, Published, constants

__all__ = ["FORMS", "PUBLISHED", "Published", "constants", "form", "law_from_json", "loss_form"]

FORMS: Mapping[str, str] = {
    "Chinchilla": "isoflop.laws.chinchilla",
    "PowerLaw": "isoflop.laws.power",
    "FlooredPowerLaw": "isoflop.laws.power",
    "OptimalSize": "isoflop.laws.power",
    "BendingPowerLaw": "isoflop.laws.power",
    "OptimalTokens": "isoflop.laws.power",
    "Kaplan": "isoflop.laws.kaplan",
    "KaplanSteps": "isoflop.laws.kaplan",
    "Farseer": "isoflop.laws.farseer",
    "DataConstrained": "isoflop.laws.data_constrained",
    "RepetitionPenalty": "isoflop.laws.data_constrained",
    "Overtraining": "isoflop.laws.overtraining",
    "DownstreamError": "isoflop.laws.overtraining",
    "Routed": "isoflop.laws.routed",
    "RectifiedFineTuning": "isoflop.laws.finetuning",
    "VanillaFineTuning": "isoflop.laws.finetuning",
    "MultiplicativeFineTuning": "isoflop.laws.finetuning",
    "StepsToTarget": "isoflop.laws.critical_batch",
    "CriticalBatch": "isoflop.laws.critical_batch",
    "M1": "isoflop.laws.learning_curves",
    "M2": "isoflop.laws.learning_curves",
    "M2Excess": "isoflop.laws.learning_curves",
    "M3": "isoflop.laws.learning_curves",
    "M4": "isoflop.laws.learning_curves",
    "MultiPower": "isoflop.laws.multipower",
    "Annealing": "isoflop.laws.tissue",
    **{f"BNSL{breaks}": "isoflop.laws.breaks" for breaks in range(1, 10)},
}


def form(name: str) -> type[Law]:
    """The form of this name. Raises `BadInput` naming those there are."""
    if name not in FORMS:
        raise BadInput(f"No law is called {name!r}. There are {', '.join(FORMS)}.")
    found: type[Law] = getattr(import_module(FORMS[name]), name)
    return found


def loss_form(name: str) -> type[Law]:
    """The form of a loss by a name as people type it: `chinchilla`, `power-law`. Raises `BadInput` naming all."""
    losses = {each: found for each in FORMS if (found := form(each)).output == "loss"}
    typed = {_typed(each): each for each in losses}
    if _typed(name) not in typed:
        there = ", ".join(re.sub(r"(?<=[a-z])(?=[A-Z])", "-", each).lower() for each in losses)
        raise BadInput(f"No law of the loss is called {name!r}. There are {there}.")
    return losses[typed[_typed(name)]]


def loss_forms(columns: Collection[str]) -> tuple[type[Law], ...]:
    """Every form of the loss whose inputs are among these columns."""
    forms = (form(name) for name in FORMS)
    return tuple(each for each in forms if each.output == "loss" and set(each.inputs) <= set(columns))


def _typed(name: str) -> str:
    return re.sub(r"[-_ ]", "", name).lower()


def law_from_json(values: Mapping[str, Any]) -> Law:
    """The law that `Law.to_json` wrote, whichever catalogued form it has."""
    return form(values["form"]).from_json(values)
