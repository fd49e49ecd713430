"""What holds of every published law: arrays agree with numbers, JAX with NumPy, slopes with differences."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from isoflop.laws.catalog import form, law_from_json, published_law
from isoflop.laws.inputs import QUANTITIES
from isoflop.laws.law import Law
from isoflop.laws.published import PUBLISHED

# Points where a law is asked; of others, what is usual of the quantity.
USUAL = {
    "n_params": (3e8, 2e9, 1.1e10),
    "vocab_params": (3e7, 8e7, 2e8),
    "active_params": (3e8, 1e9, 3e9),
    "tokens": (4e9, 5e10, 9e11),
    "unique_tokens": (3e9, 2e10, 4e10),
    "flops": (1e19, 3e21, 2e23),
    "pf_days": (0.1, 30.0, 4e3),
    "test_flops": (1e12, 1e15, 1e16),
    "steps": (1e4, 1e5, 6e5),
    "batch_tokens": (2e5, 1e6, 4e6),
    "batch_sequences": (128.0, 512.0, 4096.0),
    "loss": (3.1, 2.4, 1.9),
    "task_loss": (1.4, 1.0, 0.7),
    "elo": (100.0, 900.0, 1500.0),
    "attempts": (2.0, 30.0, 250.0),
    "examples": (1e3, 1e5, 1e6),
    "finetuning_tokens": (1e5, 1e6, 1e8),
    "vocab_size": (8e3, 5e4, 1.2e5),
    "context_position": (3.0, 90.0, 900.0),
    "granularity": (1.5, 4.0, 16.0),
    "sparsity": (0.2, 0.5, 0.9),
    "experts": (2.0, 32.0, 300.0),
    "characters": (1e9, 1e10, 1e11),
}
BITS = (4.0, 8.0, 16.0)
LIKE_ONE = (0.5, 1.2, 3.0)


def points(law: Law) -> dict[str, np.ndarray]:
    """Three points of each input."""
    return {
        name: np.asarray(BITS if name.endswith("bits") else USUAL.get(name, LIKE_ONE), dtype=np.float64)
        for name in law.inputs
    }


LAWS = [name for name in PUBLISHED if not any(QUANTITIES[each].many for each in published_law(name).inputs)]


def scalars(values: dict[str, np.ndarray]) -> Iterator[dict[str, float]]:
    for i in range(3):
        yield {name: float(each[i]) for name, each in values.items()}


@pytest.mark.parametrize("name", LAWS)
def test_numbers_and_arrays_agree_and_broadcast(name: str) -> None:
    law = published_law(name)
    values = points(law)
    together = np.asarray(law(**values))
    assert together == pytest.approx([float(law(**each)) for each in scalars(values)], rel=1e-12)
    first, *_ = law.inputs
    grid = law(**{each: value[:, None] if each == first else value[1] for each, value in values.items()})
    assert np.shape(grid) == (3, 1)


@pytest.mark.parametrize("name", LAWS)
def test_jax_agrees_with_numpy_and_its_gradient_with_differences(name: str) -> None:
    import jax

    law = published_law(name)
    values = points(law)
    middle = {each: float(value[1]) for each, value in values.items()}
    with jax.enable_x64(True):
        traced = law(**{each: jax.numpy.asarray(value) for each, value in values.items()})
        slopes = jax.grad(lambda at: law(**at))(middle)
    assert np.asarray(traced) == pytest.approx(np.asarray(law(**values)), rel=1e-9)
    for each, at in middle.items():
        step = 1e-5 * at
        up, down = (float(law(**{**middle, each: at + side * step})) for side in (1, -1))
        by_hand = (up - down) / (2 * step)
        assert float(slopes[each]) == pytest.approx(by_hand, rel=1e-4, abs=1e-9 * abs(up) / at)


@pytest.mark.parametrize("name", PUBLISHED)
def test_json_gives_back_every_bit(name: str) -> None:
    law = published_law(name)
    back = law_from_json(json.loads(json.dumps(law.to_json())))
    assert back == law
    assert back.about == law.about
    assert type(back) is form(PUBLISHED[name].form)


# Monotone where the paper says so: more of it, less loss.
HELPS: dict[str, tuple[str, ...]] = {
    "Chinchilla": ("n_params", "tokens"),
    "Kaplan": ("n_params", "tokens"),
    "KaplanSteps": ("n_params", "steps"),
    "KaplanSize": ("n_params",),
    "KaplanData": ("tokens",),
    "KaplanCompute": ("pf_days",),
    "DataConstrained": ("n_params", "tokens", "unique_tokens"),
    "Overtraining": ("n_params", "tokens"),
    "FineGrainedExperts": ("n_params", "tokens", "granularity"),
    "TrainedPrecision": ("n_params", "tokens", "weight_bits", "activation_bits", "cache_bits"),
    "TransferLoss": ("n_params", "finetuning_tokens"),
    "FlooredPowerLaw": ("flops",),
}


@pytest.mark.parametrize("name", [each for each in LAWS if PUBLISHED[each].form in HELPS])
def test_more_of_what_helps_lowers_the_loss(name: str) -> None:
    law = published_law(name)
    values = points(law)
    for each in HELPS[PUBLISHED[name].form]:
        losses: Any = law(**{key: value if key == each else value[1] for key, value in values.items()})
        assert np.all(np.diff(losses) < 0), each
