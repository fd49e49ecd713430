"""A run is its inputs: its id changes with each of them and with nothing else."""

import json
import subprocess
import sys
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isoflop.errors import BadInput
from isoflop.runs.record import Curve, Record, Status
from isoflop.runs.run import Run
from made_runs import OPTIMIZER, SHAPE, a_record, a_run

OTHER_INPUTS = {
    "shape": replace(SHAPE, width=24),
    "tokens": 256_000,
    "steps": 1000,
    "batch_tokens": 512,
    "optimizer": replace(OPTIMIZER, peak_lr=0.02),
    "init_seed": 7,
    "data_seed": 7,
    "dtype": "bfloat16",
    "corpus": "other",
    "tokenizer": "other",
    "eval_tokens": 1,
    "trainer": "test-2",
    "threads": 2,
    "budget": 2e10,
    "role": "check",
    "micro_batch": 2,
}


@pytest.mark.parametrize("name", [field.name for field in fields(Run)])
def test_the_id_changes_with_each_input(name: Any) -> None:
    changes = {name: OTHER_INPUTS[name]}
    if name in ("tokens", "steps"):
        changes = {"tokens": 256_000, "steps": 1000}
    elif name == "batch_tokens":
        changes = {"tokens": 256_000, "batch_tokens": 512}
    assert a_run(**changes).id != a_run().id


@settings(deadline=None)
@given(st.integers(0, 2**63), st.integers(1, 10**7), st.floats(1e-300, 1e300))
def test_a_run_survives_json_with_its_id(seed: int, steps: Any, budget: Any) -> None:
    run = a_run(init_seed=seed, steps=steps, tokens=256 * steps, budget=budget)
    back = Run.from_json(json.loads(json.dumps(run.to_json())))
    assert back == run
    assert back.id == run.id


def test_the_id_is_the_same_in_every_process_and_version() -> None:
    """Finished runs are found again by it, so a change of this constant means that every store is trained anew."""
    code = "from made_runs import a_run; print(a_run().id)"
    env = {"PYTHONPATH": ":".join(sys.path), "PYTHONHASHSEED": "17"}
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env).stdout
    assert printed.strip() == a_run().id == "09cf9c84fd997193"


def test_one_and_one_point_zero_are_the_same_budget() -> None:
    assert a_run(budget=10**10).id == a_run(budget=1e10).id


def test_an_impossible_run_is_refused_with_all_its_problems() -> None:
    with pytest.raises(BadInput) as caught:
        a_run(tokens=1, batch_tokens=100, dtype="float8", role="rehearsal")
    told = str(caught.value)
    for part in (
        "tokens = 1 is not",
        "batch_tokens = 100 is no multiple of micro_batch contexts, 1 * 128",
        "'float8'",
        "'rehearsal'",
    ):
        assert part in told


def test_a_run_of_wrong_types_is_refused() -> None:
    with pytest.raises(BadInput, match=r"steps = 2\.5 must be int"):
        a_run(steps=2.5)
    with pytest.raises(BadInput, match="budget = inf must be finite"):
        a_run(budget=float("inf"))


def test_inputs_with_an_unknown_field_are_refused() -> None:
    with pytest.raises(BadInput, match="must have exactly the fields"):
        Run.from_json({**a_run().to_json(), "colour": "red"})


def test_flops_are_exact_and_stand_beside_6nd() -> None:
    run = a_run()
    assert run.flops_6nd == 6 * SHAPE.n_params * 128_000
    assert run.flops == run.flops_6nd + 3 * 128_000 * 4 * 2 * 128 * 16


def test_a_record_survives_json() -> None:
    record = a_record(environment={"cpu": "naïve"}, loss=float(np.float32(2.5)))
    back = Record.from_json(json.loads(json.dumps(record.to_json(), allow_nan=False)), record.curve)
    assert back == record


def test_a_loss_that_is_not_finite_is_missing_and_never_done() -> None:
    diverged = a_record(loss=float("nan"), status="diverged", note="the loss became nan at step 7")
    assert diverged.loss is None
    assert diverged.status is Status.DIVERGED
    with pytest.raises(BadInput, match="cannot be done without a finite loss"):
        a_record(loss=float("inf"))
    with pytest.raises(BadInput, match="must say why"):
        a_record(loss=None, status="failed")


def test_a_record_of_other_inputs_than_its_id_is_refused() -> None:
    forged = a_record().to_json()
    forged["run"]["init_seed"] = 5
    with pytest.raises(BadInput, match="but its inputs are those of"):
        Record.from_json(forged)


def test_a_curve_of_unequal_lengths_is_refused() -> None:
    with pytest.raises(BadInput, match="lists of one length"):
        Curve(np.arange(3), np.zeros(2), np.zeros(3))
