"""What the fullest device of a split training run holds, part by part."""

from dataclasses import dataclass

from isoflop.costs.activations import Recomputation, activation_bytes_per_layer, logit_bytes
from isoflop.costs.memory import GRADIENT, WEIGHT, Zero, states_per_param
from isoflop.costs.shape import Shape


@dataclass(frozen=True)
class Parallelism:
    """tensor x pipeline x data devices, ZeRO stage, `accumulation` micro-batches a step, what is recomputed."""

    tensor: int
    pipeline: int
    data: int
    zero: Zero
    micro_batch: int
    accumulation: int
    recomputation: Recomputation

    @property
    def n_devices(self) -> int:
        """All of them."""
        return self.tensor * self.pipeline * self.data

    def __str__(self) -> str:
        ways = [
            f"{many}-way {name}"
            for many, name in ((self.tensor, "tensor"), (self.pipeline, "pipeline"), (self.data, "data"))
            if many > 1
        ]
        ways += [f"ZeRO {self.zero}"] if self.zero else []
        sequences = f"{self.micro_batch} sequence{'s' if self.micro_batch > 1 else ''} x {self.accumulation}"
        return ", ".join([*ways, f"micro-batch {sequences}", f"recomputing {self.recomputation.value}"])


@dataclass(frozen=True)
class Footprint:
    """Bytes on one device: the states, what backward needs, the logits, and buffers of what is gathered or redone."""

    weights: float
    gradients: float
    optimizer: float
    activations: float
    logits: float
    buffers: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.weights + self.gradients + self.optimizer + self.activations + self.logits + self.buffers


def layers_a_stage(shape: Shape, stages: int) -> int:
    """Layers of the fullest of p pipeline stages."""
    return -(-shape.n_layers // stages)


def params_a_device(shape: Shape, tensor: int, pipeline: int) -> tuple[float, float]:
    """Parameters on a device of the first and of the last stage, before data-parallel ranks split them."""
    embedding, head = shape.n_params_total - shape.n_params, shape.n_params_head
    if pipeline == 1:
        whole = shape.n_params_total / tensor
        return whole, whole
    layers = layers_a_stage(shape, pipeline) * shape.n_params_nonembedding / shape.n_layers
    return (layers + embedding) / tensor, (layers + head) / tensor


def footprint(shape: Shape, split: Parallelism, *, flash: bool = True, gradient_bytes: float = GRADIENT) -> Footprint:
    """Bytes on the fullest device: of the first pipeline stage or of the last.

    The first keeps the activations of min(p, m) micro-batches on their way (one forward, one backward), the last those
    of one and the logits. Buffers: a layer being recomputed in full, and for ZeRO 2 and 3 what is gathered of a layer
    (weights of two, gradients of one). Tensor parallelism comes with sequence parallelism.
    """
    t, p, b = split.tensor, split.pipeline, split.micro_batch
    states = states_per_param(split.zero, split.data, gradient_bytes=gradient_bytes)

    def kept(recomputation: Recomputation) -> float:
        return activation_bytes_per_layer(
            shape, b, tensor=t, sequence_parallel=t > 1, recomputation=recomputation, flash=flash
        )

    layer = kept(split.recomputation) * layers_a_stage(shape, p)
    largest = max(shape.n_params_nonembedding / shape.n_layers, shape.n_params_head) / t
    buffers = kept(Recomputation.NONE) if split.recomputation is Recomputation.FULL else 0.0
    if split.data > 1 and split.zero >= 2:
        buffers += largest * (gradient_bytes + (2 * WEIGHT if split.zero == 3 else 0.0))
    stages = []
    in_flight = (min(p, split.accumulation), 1)
    for n_params, many, last in zip(params_a_device(shape, t, p), in_flight, (p == 1, True), strict=True):
        held = states.times(n_params)
        logits = logit_bytes(shape, b, tensor=t) if last else 0.0
        stages.append(Footprint(held.weights, held.gradients, held.optimizer, layer * many, logits, buffers))
    return max(stages, key=lambda each: each.total)
