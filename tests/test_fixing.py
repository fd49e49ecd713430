"""Forms with constants held: laws like any other, fitted in what is free, the same wherever they are asked for."""

import pickle
from typing import Any

import numpy as np
import pytest

from isoflop.errors import BadInput
from isoflop.estimates.fit import FitStatus, fits_from_json, fits_to_json
from isoflop.fits.parametric import fit
from isoflop.fits.resample import bootstrap
from isoflop.laws.breaks import bnsl
from isoflop.laws.catalog import law_from_json
from isoflop.laws.chinchilla import HOFFMANN_2022, Chinchilla
from isoflop.laws.fixing import fixed
from isoflop.laws.power import FlooredPowerLaw
from isoflop.runs.table import Table

PLANTED = FlooredPowerLaw(E=1.7, A=50.0, alpha=0.1)


def runs() -> Table:
    flops = np.geomspace(1e15, 1e21, 30)
    noise = np.exp(0.003 * np.random.default_rng(0).normal(size=30))
    return Table({"flops": flops, "loss": PLANTED(flops) * noise}, needed=("flops", "loss"))


def test_a_law_with_constants_held_says_what_the_whole_law_says() -> None:
    held: Any = fixed(Chinchilla, E=1.69, A=406.4, B=410.7)
    law = held(alpha=0.34, beta=0.28)
    assert law(7e10, 1.4e12) == HOFFMANN_2022(7e10, 1.4e12)
    assert [each.name for each in held.params()] == ["alpha", "beta"]
    assert law.constants == HOFFMANN_2022.constants
    assert held(0.34, 0.28) == law
    assert hash(held(0.34, 0.28)) == hash(law)


def test_the_same_constants_held_are_the_same_form() -> None:
    one = fixed(Chinchilla, E=1.69, A=400.0)
    assert fixed(Chinchilla, A=400.0, E=1.69) is one
    assert fixed(fixed(Chinchilla, A=400.0), E=1.69) is one
    assert fixed(fixed(Chinchilla, A=300.0, E=1.69), A=400.0) is one
    assert fixed(Chinchilla) is Chinchilla
    assert issubclass(one, Chinchilla)


def test_forms_made_while_running_can_be_sent_to_another_process() -> None:
    for form in (fixed(Chinchilla, E=1.69), bnsl(2), fixed(bnsl(1), a=0.1)):
        assert pickle.loads(pickle.dumps(form)) is form
        law = form(*(each.starts[0] for each in form.params()))
        assert pickle.loads(pickle.dumps(law)) == law


def test_json_holds_the_whole_law() -> None:
    form: Any = fixed(FlooredPowerLaw, E=1.7)
    law = form(A=50.0, alpha=0.1)
    assert law_from_json(law.to_json()) == PLANTED
    assert form.from_json(law.to_json()) == law
    assert law_from_json(bnsl(4)(*range(1, 16)).to_json()) == bnsl(4)(*range(1, 16))


def test_a_fit_looks_for_the_free_constants_alone_and_its_json_is_read_back() -> None:
    form = fixed(FlooredPowerLaw, E=1.7)
    found = fit(form, runs())
    assert found.status is FitStatus.CONVERGED
    assert found.law.constants["E"] == 1.7
    assert found.law.constants["alpha"] == pytest.approx(0.1, rel=0.01)
    whole = found.with_intervals(bootstrap(found, draws=50))
    (again,), _ = fits_from_json(fits_to_json([whole]))
    assert again.law == FlooredPowerLaw(**found.law.constants)
    assert again.intervals["alpha"].low < 0.1 < again.intervals["alpha"].high
    assert again.sample is not None
    assert again.sample.laws[0](1e22) == pytest.approx(whole.sample.laws[0](1e22), rel=1e-7)  # type: ignore[union-attr]


def test_everything_wrong_with_what_is_held_is_told_at_once() -> None:
    with pytest.raises(BadInput) as caught:
        fixed(Chinchilla, e=1.0, A=-1.0, B=float("nan"))
    assert len(caught.value.problems) == 3
    assert "no constant 'e'; it has E, A, B, alpha, beta" in str(caught.value)
    with pytest.raises(BadInput, match="nothing to fit"):
        fixed(FlooredPowerLaw, E=1.0, A=2.0, alpha=0.5)


def test_a_broken_law_has_as_many_breaks_as_are_asked_for() -> None:
    assert [each.name for each in bnsl(2).params()] == ["a", "b", "c0", "c1", "d1", "f1", "c2", "d2", "f2"]
    assert len(bnsl(0).params()) == 3
    assert len(bnsl(40).params()) == 123
    assert all(each.starts for each in bnsl(40).params())
    with pytest.raises(BadInput, match="got -1"):
        bnsl(-1)
