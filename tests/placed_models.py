"""Known models placed by laws, each once, and a fit.json of a planted law to place them by."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from isoflop.estimates.fit import fits_to_json
from isoflop.laws.chinchilla import Chinchilla
from isoflop.laws.law import About
from isoflop.plans.standing_of_models import Placing, StandingOfModels, standing_of_models
from planted_analyses import WARNED, fit_of, sample_of
from planted_ladders import ladder

KAPLAN, HOFFMANN = "KAPLAN_2020_TABLE_6_SIZE", "HOFFMANN_2022_APPROACH_1_SIZE"


@cache
def standing(law: str | None = None, name: str | None = None) -> StandingOfModels:
    return standing_of_models(law, name)


def now(model: str, law: str | None = None) -> Placing:
    (found,) = [each.now for each in standing(law).models if each.run.name == model]
    assert found is not None
    return found


def then(model: str) -> Placing:
    (found,) = [each.then for each in standing().models if each.run.name == model]
    assert found is not None
    return found


LAW = Chinchilla(E=1.8, A=482.0, B=2085.0, alpha=0.348, beta=0.366)


def written(folder: Path, fitted: dict[str, tuple[float, float]], *, draws: bool = True) -> Path:
    """A fit.json of a law planted, as if of runs of this reach."""
    fit = fit_of(LAW, ladder(), WARNED, draws=False)
    fit = replace(fit, law=replace(LAW, about=About(fitted=fitted)))
    if draws:
        fit = fit.with_intervals(sample_of(fit.law, spread=0.002))
    path = folder / "fit.json"
    path.write_text(fits_to_json([fit]))
    return path
