"""Which law to forecast with: laws judged forward, all in one bag by weight, with the drift that none describes."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from isoflop.errors import BadInput, FitError
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Check, Verdict
from isoflop.estimates.interval import Interval
from isoflop.estimates.standing import Standing
from isoflop.fits.drift import Drift, drift
from isoflop.fits.forward import Judged, groups_of, judge, regular, shares
from isoflop.fits.noise import seed_noise
from isoflop.fits.objective import Floats
from isoflop.fits.optima import Middle, optima
from isoflop.fits.standings import ENOUGH, scatter, standings, verdict, weighed
from isoflop.fits.swarm import Sample, descend, law_at
from isoflop.laws.chinchilla import Chinchilla
from isoflop.laws.drifting import Drifting
from isoflop.laws.farseer import Farseer
from isoflop.laws.kaplan import Kaplan
from isoflop.laws.law import About, Law
from isoflop.runs.table import Table

LAWS: tuple[type[Law], ...] = (Chinchilla, Kaplan, Farseer)
"""Compared unless others are asked for: a floor and no coupling, no floor, and exponents that change with size."""

DRAWS = 200
LEFT = 0.1  # of the bag must have a best size, or there is no answer


@dataclass(frozen=True)
class Outlook:
    """What the bag says of a budget (FLOPs): best N, best D and the mean loss there, 90 % unless asked otherwise.

    dropped: the share of the bag that has no best size within a factor of 100 of the line through the sizes tried.
    """

    flops: float
    n_params: Interval
    tokens: Interval
    loss: Interval
    tokens_per_param: Interval
    dropped: float = 0.0


@dataclass(frozen=True)
class Choice:
    """Laws ranked by forward hold-out, and the bag to forecast with.

    standings: laws and baselines, best first. ensemble: draws of every law by weight, or of the first law alone with
    fewer than ENOUGH budgets. laws: each form's own fit by squares, by name. drifts: by name, of the laws in the bag.
    """

    standings: tuple[Standing, ...]
    laws: dict[str, Law]
    ensemble: Ensemble
    budgets: int
    checks: tuple[Check, ...]
    middle: Middle
    drifts: dict[str, Drift] = field(default_factory=dict, compare=False, repr=False)

    def at(self, flops: float, level: float = 0.9) -> Outlook:
        """Best size, data and loss at a budget. Raises `FitError` where hardly any law has a best size there."""
        found = optima(self.ensemble.laws, flops, self.middle)
        kept = np.isfinite(found).all(1)
        if kept.sum() < max(1, LEFT * len(found)):
            raise FitError(
                f"{np.sum(~kept)} of {len(found)} laws have no best size at {flops:.3g} FLOPs within a factor of 100 "
                f"of {np.exp(self.middle.at(np.log(flops))):.3g} parameters, where the sizes tried lead. "
                "Ask for a budget nearer to the runs, or vary N more at each budget."
            )
        weights = self.ensemble.weights[kept]
        n, d, loss = (Interval.of_draws(np.exp(each), weights, level=level) for each in found[kept].T)
        ratio = Interval.of_draws(np.exp(found[kept][:, 1] - found[kept][:, 0]), weights, level=level)
        return Outlook(flops, n, d, loss, ratio, float(np.mean(~kept)))

    def spread(self, flops: float) -> dict[str, tuple[float, float, float]]:
        """N, D and L at the best size of a budget by each law's own fit; nan where it has none."""
        found = np.exp(optima(list(self.laws.values()), flops, self.middle))
        return {name: (float(n), float(d), float(loss)) for name, (n, d, loss) in zip(self.laws, found, strict=True)}


def choose(
    forms: Sequence[type[Law]], table: Table, *, holdout: str = "flops", draws: int = DRAWS, seed: int = 0
) -> Choice:
    """Judge laws of L(N, D) by forward hold-out, "fit small, predict large", and weight them by it in one bag.

    Each is fitted (squares of log residuals, without outlying runs) to the runs of every lower part of the budgets, and
    judged by how likely it finds the next. A drift of the residuals with compute is weighed for each, and carried into
    the draws where it is credible. Raises `BadInput`, or `FitError` where no form can be fitted.
    """
    if isinstance(forms, type):
        raise BadInput(f"A choice is between laws: give them as a list, such as [{forms.__name__}].")
    if not forms or draws < 1:
        raise BadInput(f"A choice needs a law and a draw at the least; got {len(forms)} laws, {draws} draws.")
    if wrong := [form.__name__ for form in forms if form.inputs != ("n_params", "tokens") or form.output != "loss"]:
        raise BadInput(f"Laws of the loss in n_params and tokens are compared; {', '.join(wrong)} are none.")
    rng = np.random.default_rng(seed)
    fitting = [form for form in forms if len(table) > len(form.params()) + 1]
    checks = [
        Check(
            form.__name__,
            Verdict.WARN,
            f"not compared: {len(form.params())} constants, {len(table)} runs. Add runs to let it take part.",
        )
        for form in forms
        if form not in fitting
    ]
    if not fitting:
        raise FitError(" ".join(check.message for check in checks))
    kept, starts = regular(fitting, table, groups_of(table, holdout))
    checks += _outlying(table, kept)
    whole, table = table, table.where(kept)
    groups = groups_of(table, holdout)
    judged = [judge(form, table, groups, start) for form, start in zip(fitting, starts, strict=True)]
    budgets = int(groups.max()) + 1
    weights = shares(judged) if budgets >= ENOUGH else np.eye(len(judged))[int(np.argmax(shares(judged)))]
    middle = _middle(table)
    ensemble, drifts = _bag(judged, weights, table, middle, draws=draws, rng=rng)
    order = np.argsort(-weights, kind="stable")
    noise = _noise(whole)
    rows = standings([judged[i] for i in order], weights[order], table, groups)
    fits = {judged[i].form.__name__: _law(judged[i].form, judged[i].theta, table) for i in order}
    checks += [
        verdict(rows, budgets, noise, scatter(table, groups, min(each.sd for each in judged))),
        weighed(rows, budgets),
    ]
    checks += _drifting(drifts)
    return Choice(rows, fits, replace(ensemble, seed=seed), budgets, tuple(checks), middle, drifts)


def hold_out(form: type[Law], table: Table, *, holdout: str = "flops") -> tuple[tuple[Standing, ...], Check]:
    """One law held out from the largest budget, against the noise and two baselines: the numbers, and the verdict.

    Raises `FitError` where the law has too many constants for the runs.
    """
    kept, starts = regular([form], table, groups_of(table, holdout))
    sound = table.where(kept)
    groups = groups_of(sound, holdout)
    judged = judge(form, sound, groups, starts[0])
    rows = standings([judged], np.ones(1), sound, groups)
    return rows, verdict(rows, int(groups.max()) + 1, _noise(table), scatter(sound, groups, judged.sd))


def _bag(
    judged: Sequence[Judged], weights: Floats, table: Table, middle: Middle, *, draws: int, rng: np.random.Generator
) -> tuple[Ensemble, dict[str, Drift]]:
    """Draws of each law, as many as its weight says, in one bag."""
    parts: dict[str, Ensemble] = {}
    drifts: dict[str, Drift] = {}
    edges = np.round(np.cumsum(weights) * draws).astype(int)
    ln_n, ln_c = np.log(table.n_params), np.log(6 * table.n_params * table.tokens)
    for each, count in zip(judged, np.diff(edges, prepend=0), strict=True):
        if not count:
            continue
        found = drift(ln_c, ln_n - middle.at(ln_c), each.tangent, each.residuals, draws=int(count), rng=rng)
        drifts[each.form.__name__] = found
        target = np.log(table.loss) - each.residuals + found.displaced @ each.tangent.T
        inputs = tuple(np.log(table[name]) for name in each.form.inputs)
        start = np.repeat(each.theta[None], count, axis=0)
        theta, value = descend(each.form, start, Sample(inputs, target, np.ones(len(table))))
        laws = [_law(each.form, at, table) for at in theta]
        drawn = [_drifted(law, top, middle) if np.any(top) else law for law, top in zip(laws, found.top, strict=True)]
        good = np.isfinite(value)
        if good.any():
            drawn = [law for law, is_good in zip(drawn, good, strict=True) if is_good]
            parts[each.form.__name__] = Ensemble(tuple(drawn), dropped=int(np.sum(~good)))
    share = {each.form.__name__: float(weight) for each, weight in zip(judged, weights, strict=True)}
    return Ensemble.mixture(list(parts.values()), [share[name] for name in parts]), drifts


def _law(form: type[Law], theta: Floats, table: Table) -> Law:
    fitted = {name: (float(table[name].min()), float(table[name].max())) for name in form.inputs}
    return law_at(form, theta, About(source=f"fitted to {len(table)} runs", tag="fitted", fitted=fitted))


def _drifted(law: Law, top: Floats, middle: Middle) -> Law:
    names = ("level", "slope", "wander", "tilt", "turn", "sway")
    return Drifting(
        law,
        **dict(zip(names, map(float, top), strict=True)),
        low=float(np.exp(middle.low)),
        top=float(np.exp(middle.top)),
        size=float(np.exp(middle.size)),
        growth=middle.growth,
        about=law.about,
    )


def _middle(table: Table) -> Middle:
    ln_n, ln_c = np.log(table.n_params), np.log(6 * table.n_params * table.tokens)
    x = ln_c - ln_c.mean()
    spread = float(x @ x)
    growth = float(x @ ln_n / spread) if spread > 0 else 0.5
    top = float(ln_c.max())
    return Middle(float(ln_n.mean() + growth * (top - ln_c.mean())), growth, top, float(ln_c.min()))


def _noise(table: Table) -> float | None:
    """Seed noise as a share of the loss, None where no two runs differ in their seeds alone."""
    if "budget" not in table:
        return None
    try:
        noise = seed_noise(table)
    except FitError:
        return None
    return noise.sd / float(np.median(table.loss))


def _outlying(table: Table, kept: NDArray[np.bool_]) -> list[Check]:
    rows = table.rows[~kept]
    if not len(rows):
        return [Check("outlying runs", Verdict.OK, "none")]
    listed = ", ".join(f"{row} (loss {table.columns['loss'][row]:.4g})" for row in rows[:8])
    more = f" and {len(rows) - 8} more" if len(rows) > 8 else ""
    message = (
        f"{len(rows)} runs lie far off every law and take no part here: row {listed}{more}. Look whether they diverged."
    )
    return [Check("outlying runs", Verdict.WARN, message)]


def _drifting(drifts: dict[str, Drift]) -> list[Check]:
    found = []
    for name, each in drifts.items():
        message = f"evidence of a loss that drifts away from {name} with compute: {each.odds:.3g} times that of none"
        carried = "; forecasts carry such a drift and are wider" if each.carried else "; forecasts carry none"
        found.append(Check("drift", Verdict.WARN if each.odds > 3 else Verdict.OK, message + carried))
    return found
