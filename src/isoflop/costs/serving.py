"""Serving a model: bytes of the key-value cache, FLOPs of a token, and the speed that the memory's bandwidth allows."""

from isoflop.costs.hardware import Device
from isoflop.errors import BadInput


def kv_cache_bytes(
    n_layers: int, n_kv_heads: int, head_dim: int, context: int, batch: int = 1, *, bytes_per_value: float = 2.0
) -> float:
    """2 n_layer n_kv d_head ctx batch bytes: keys and values of every token in the context."""
    sizes = {"n_layers": n_layers, "n_kv_heads": n_kv_heads, "head_dim": head_dim, "context": context, "batch": batch}
    wrong = [f"{name} = {value!r}" for name, value in sizes.items() if value < 1]
    if wrong:
        raise BadInput(f"A key-value cache needs positive sizes; got {', '.join(wrong)}.")
    return 2.0 * n_layers * n_kv_heads * head_dim * context * batch * bytes_per_value


def inference_flops_per_token(n_params: float, n_layers: int, attention_width: int, context: int) -> float:
    """2 N + 4 n_layer d ctx: FLOPs of one token with `context` tokens before it. N: matrices and head, active ones."""
    return 2.0 * n_params + 4.0 * n_layers * attention_width * context


def decode_seconds(weight_bytes: float, kv_bytes: float, device: Device, n_devices: int = 1) -> float:
    """(weights + KV) / bandwidth: the least time of a step that writes one token for each sequence of a batch.

    The model is split over n devices, each with its own bandwidth; what they say to each other is not counted.
    """
    return (weight_bytes + kv_bytes) / (n_devices * device.bytes_per_second)


def decode_tokens_per_second(
    weight_bytes: float, kv_bytes: float, device: Device, *, batch: int = 1, n_devices: int = 1
) -> float:
    """Tokens/s of a whole batch at most, by bandwidth alone; kv_bytes is the cache of the whole batch."""
    return batch / decode_seconds(weight_bytes, kv_bytes, device, n_devices)


def largest_batch(
    weight_bytes: float, kv_bytes_each: float, device: Device, *, n_devices: int = 1, reserve: float = 0.1
) -> int:
    """Sequences whose cache fits beside the weights, with a share of the memory held in reserve; 0 if none does."""
    free = n_devices * device.memory_bytes * (1 - reserve) - weight_bytes
    return max(0, int(free // kv_bytes_each))
