"""Seconds of a training step that a split of devices loses: communication, idle time, and work done twice."""

from dataclasses import dataclass

from isoflop.costs.activations import Recomputation, recomputed_share
from isoflop.costs.flops import flops_per_token
from isoflop.costs.hardware import Device
from isoflop.costs.memory import GRADIENT, WEIGHT
from isoflop.costs.shape import Shape
from isoflop.costs.utilisation import sustained
from isoflop.plans.footprint import Parallelism, layers_a_stage, params_a_device

ACTIVATION = 2.0  # bf16
LINK, NETWORK = 300e9, 25e9
"""Bytes/s assumed, unverified, where a device's own are not known: within the fast domain, and beyond it."""


@dataclass(frozen=True)
class Overhead:
    """Seconds of one step: speaking within tensor-, data- and pipeline-parallel groups, idle, and recomputing."""

    tensor: float
    data: float
    pipeline: float
    idle: float
    recomputing: float

    @property
    def total(self) -> float:
        """All of it, nothing hidden behind computing."""
        return self.tensor + self.data + self.pipeline + self.idle + self.recomputing


def step_seconds(shape: Shape, device: Device, n_devices: int, batch_tokens: float, mfu: float) -> float:
    """Seconds that n devices compute on one batch, without overhead: 3 forward passes at peak * MFU."""
    return flops_per_token(shape) * batch_tokens / sustained(device, mfu, n_devices)


def overhead(
    shape: Shape,
    device: Device,
    split: Parallelism,
    sequences: float,
    step: float,
    *,
    gradient_bytes: float = GRADIENT,
) -> Overhead:
    """What a split loses of a step of `sequences` and `step` seconds.

    Bytes that a device sends, over bandwidth. Tensor: 4 all-reduces a layer and micro-batch of s b h numbers, 2 more
    where layers are recomputed, each 2 (t - 1) / t of them. Data: gradients and weights once for ZeRO 0 and 1;
    gradients at every micro-batch for 2; and weights twice at each too for 3 (Rajbhandari et al. 2020, sec. 7).
    Pipeline: s b h / t there and back a micro-batch. Idle: the bubble (p - 1) / m, stages of unequal layers, a batch
    that does not divide.
    """
    t, p, d, m = split.tensor, split.pipeline, split.data, split.accumulation
    link = device.link_bytes_per_second or LINK
    wide = link if split.n_devices <= device.domain else device.network_bytes_per_second or NETWORK
    layers = layers_a_stage(shape, p)
    block = ACTIVATION * shape.context * split.micro_batch * shape.width
    reductions = 6 if split.recomputation is Recomputation.FULL else 4
    tensor = reductions * layers * m * block * 2 * (t - 1) / t / link
    grads, gathers = {
        0: (2.0, 0.0),
        1: (1.0, 1.0),
        2: (float(m), 1.0),
        3: (float(m), 2.0 * m),
    }[split.zero]
    n_params = max(params_a_device(shape, t, p))
    data = (grads * gradient_bytes + gathers * WEIGHT) * n_params * (d - 1) / d / wide
    pipeline = 2 * m * block / t / wide if p > 1 else 0.0
    busy = m * d * split.micro_batch / sequences * layers * p / shape.n_layers * (1 + (p - 1) / m)
    again = recomputed_share(shape, split.recomputation)
    return Overhead(tensor, data, pipeline, step * (busy - 1), step * busy * again)
