"""Runs and records made up for tests: a real shape and optimizer, losses as given."""

from typing import Any

from isoflop.costs.shape import Shape
from isoflop.runs.record import Curve, Record, Status
from isoflop.runs.run import Optimizer, Run

SHAPE = Shape(n_layers=2, width=16, n_heads=2, head_dim=8, ff_width=64, vocab_size=199, context=128)
OPTIMIZER = Optimizer(
    peak_lr=0.01,
    embedding_lr=0.01,
    head_lr=0.01,
    beta1=0.9,
    beta2=0.99,
    eps=1e-8,
    weight_decay=0.0,
    clip=1.0,
    warmup_steps=10,
    decay="linear",
    final_lr_fraction=0.0,
)


def a_run(**changes: Any) -> Run:
    inputs: dict[str, Any] = {
        "shape": SHAPE,
        "tokens": 128_000,
        "steps": 500,
        "batch_tokens": 256,
        "optimizer": OPTIMIZER,
        "init_seed": 0,
        "data_seed": 1,
        "dtype": "float32",
        "corpus": "c0ffee",
        "tokenizer": "bytes",
        "eval_tokens": 4096,
        "trainer": "test-1",
        "threads": 1,
        "budget": 1e10,
        "role": "ladder",
    }
    return Run(**(inputs | changes))


def a_record(run: Run | None = None, loss: float | None = 2.5, **changes: Any) -> Record:
    run = run or a_run()
    values: dict[str, Any] = {
        "run": run,
        "status": Status.DONE,
        "loss": loss,
        "loss_se": 0.01,
        "bits_per_byte": 3.6,
        "start_loss": 5.3,
        "curve": Curve([256, 512], [5.0, 4.0], [0.001, 0.002]),  # type: ignore[arg-type]
        "tokens": run.tokens,
        "flops": run.flops,
        "flops_6nd": run.flops_6nd,
        "seconds": 1.5,
        "environment": {"python": "3.11"},
    }
    return Record(**(values | changes))
