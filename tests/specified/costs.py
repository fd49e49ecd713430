"""Section 12, and the errata that ask what compute costs: hardware, memory, failures, and known runs."""

from collections.abc import Callable

from isoflop.costs.activations import (
    Recomputation,
    activation_bytes_per_layer,
    logit_bytes,
    pipeline_bubble,
    recomputed_share,
)
from isoflop.costs.goodput import (
    LLAMA_3_DAYS,
    LLAMA_3_UNEXPECTED,
    PER_DEVICE_HOURS,
    hours_an_interruption,
    hours_between_failures,
)
from isoflop.costs.hardware import device
from isoflop.costs.memory import lora_bytes, lora_flops_per_token, training_bytes
from isoflop.costs.serving import kv_cache_bytes
from isoflop.costs.shape import Shape
from isoflop.costs.utilisation import achieved, device_hours, devices_for, dollars_per_pf_day, flops_for_dollars, hfu
from isoflop.plans.models import known_run, six_nd
from isoflop.units import PF_DAY, flops_of, pf_days_of
from specified.row import Row

MFU = 0.40
GPT_3 = Shape(n_layers=96, width=12288, n_heads=96, head_dim=128, ff_width=49152, vocab_size=50257, context=2048)
CLAIMED = 1.0  # $ a PF-day, by the summary that errata 16 to 18 are about


def pf_day_hours(name: str) -> float:
    return device_hours(PF_DAY, device(name), MFU)


def pf_day_dollars(name: str) -> float:
    return dollars_per_pf_day(device(name), MFU)


def six_nd_of(name: str) -> float:
    found = known_run(name).six_nd
    assert found is not None
    return found


def activations(recomputation: Recomputation, tensor: int = 1) -> float:
    """Bytes a layer over s b h."""
    kept = activation_bytes_per_layer(GPT_3, recomputation=recomputation, tensor=tensor)
    return kept / (GPT_3.context * GPT_3.width)


def scores() -> float:
    """What attention that writes its scores out keeps beside, over 5 a s / h of s b h."""
    whole = activation_bytes_per_layer(GPT_3, flash=False) / (GPT_3.context * GPT_3.width)
    return (whole - activations(Recomputation.NONE)) / (5 * GPT_3.n_heads * GPT_3.context / GPT_3.width)


def cache() -> float:
    """2 n_layer n_kv d_head ctx batch bytes."""
    return kv_cache_bytes(80, 8, 128, 4096, 3) / (80 * 8 * 128 * 4096 * 3 * 2)


def hardware_flops() -> float:
    """FLOPs a token that HFU counts, over N: 8 N + 16 L H Q T, the second term apart."""
    h100 = device("H100")
    attention = 16 * GPT_3.n_layers * GPT_3.attention_width * GPT_3.context
    return (hfu(1.0, GPT_3, h100) * h100.flops_per_second - attention) / GPT_3.n_params


def teraflops_of_405b() -> float:
    return achieved(3.8e25, known_run("Llama 3.1 405B").device_hours or 0.0) / 1e12


def chinchilla_over_gpt3() -> float:
    """GPT-3 at its round 175 B, as the claim has it."""
    return six_nd_of("Chinchilla") / six_nd(175e9, 300e9)


def pf_days_for(dollars: float) -> float:
    return float(pf_days_of(flops_for_dollars(dollars, device("H100"), MFU)))


def _row(what: str, value: str, function: Callable[..., float], *inputs: object) -> Row:
    return Row("12", what, function, inputs, value)


ROWS: tuple[Row, ...] = (
    _row("A100-hours of a PF-day at 40 %", "192", pf_day_hours, "A100"),
    _row("H100-hours of a PF-day at 40 %", "60.7", pf_day_hours, "H100"),
    _row("H200-hours of a PF-day at 40 %", "60.7", pf_day_hours, "H200"),
    _row("B200-hours of a PF-day at 40 %", "26.7", pf_day_hours, "B200"),
    _row("a PF-day on A100s, $", "288", pf_day_dollars, "A100"),
    _row("a PF-day on H100s, $", "152", pf_day_dollars, "H100"),
    _row("a PF-day on H200s, $", "182", pf_day_dollars, "H200"),
    _row("a PF-day on B200s, $", "120", pf_day_dollars, "B200"),
    _row("hours an unexpected interruption of Llama 3", "3.1", hours_an_interruption, LLAMA_3_DAYS, LLAMA_3_UNEXPECTED),
    _row("the same from hours of one device", "3.1", hours_between_failures, 16_384),
    _row("device-hours between failures", "5.07e4", lambda: PER_DEVICE_HOURS),
    _row("TFLOP/s of Llama 3.1 405B, all in", "342", teraflops_of_405b),
    _row("the same over the H100's peak, %", "34.6", lambda: teraflops_of_405b() / 989 * 100),
    _row("6ND of GPT-3", "3.143e23", six_nd_of, "GPT-3"),
    _row("PF-days of GPT-3", "3.64e3", lambda: pf_days_of(six_nd_of("GPT-3"))),
    _row("6ND of Gopher", "5.04e23", six_nd_of, "Gopher"),
    _row("6ND of Chinchilla", "5.88e23", six_nd_of, "Chinchilla"),
    _row("6ND of PaLM", "2.529e24", six_nd_of, "PaLM"),
    _row("6ND of Llama 3.1 405B", "3.79e25", six_nd_of, "Llama 3.1 405B"),
    _row("6ND of DeepSeek-V3's active parameters", "3.29e24", six_nd_of, "DeepSeek-V3"),
    _row("tokens of Pythia", "299.9e9", lambda: known_run("Pythia 1B").tokens or 0.0),
    _row("bytes a parameter, Adam in bf16", "16", training_bytes, 1),
    _row("bytes a parameter, gradients in fp32", "18", lambda: training_bytes(1, gradient_bytes=4)),
    _row("activations a layer over s b h, flash", "34", activations, Recomputation.NONE),
    _row("activations a layer over s b h, full recomputation", "2", activations, Recomputation.FULL),
    _row("extra FLOPs of full recomputation, %", "33", lambda: 100 * recomputed_share(GPT_3, Recomputation.FULL)),
    _row("bytes a logit", "6", lambda: logit_bytes(GPT_3) / (GPT_3.context * GPT_3.vocab_size)),
    _row("FLOPs a token and frozen parameter, LoRA", "4", lora_flops_per_token, 1, 0),
    _row("bytes a frozen parameter, LoRA", "2", lora_bytes, 1, 0),
    _row("bytes a parameter of an adapter", "16", lora_bytes, 0, 1),
    *(
        _row(f"bytes a parameter, ZeRO {stage} over {ranks} ranks", value, training_bytes, 1, stage, ranks)
        for stage, ranks, value in ((1, 4, "7"), (1, 8, "5.5"), (2, 4, "5.5"), (2, 8, "3.75"), (3, 4, "4"), (3, 8, "2"))
    ),
    _row("activations a layer over s b h, 8-way tensor parallel", "13", activations, Recomputation.NONE, 8),
    _row("activations a layer over s b h, 2-way tensor parallel", "22", activations, Recomputation.NONE, 2),
    _row("activations a layer over s b h, selective recomputation", "34", activations, Recomputation.SELECTIVE),
    _row("scores over 5 a s / h of s b h", "1", scores),
    _row("KV cache, bytes over n_layer n_kv d_head ctx batch and 2 bytes", "2", cache),
    _row("idle share of a pipeline, 8 stages, 32 micro-batches", "0.21875", pipeline_bubble, 8, 32),
    _row("HFU's FLOPs a token over N, all recomputed", "8", hardware_flops),
    Row("errata 12", "Chinchilla's compute over GPT-3's", chinchilla_over_gpt3, (), "1.87"),
    Row("errata 12", "Chinchilla's compute", six_nd_of, ("Chinchilla",), "5.88e23"),
    Row("errata 12", "GPT-3's compute at 175 B", six_nd, (175e9, 300e9), "3.15e23"),
    Row("errata 16", "a PF-day, $", pf_day_dollars, ("H100",), "152"),
    Row("errata 16", "FLOPs claimed for $100k", lambda: flops_of(1e5 / CLAIMED), (), "8.64e24"),
    Row("errata 16", "PF-days of $100k", pf_days_for, (1e5,), "659"),
    Row("errata 16", "FLOPs of $100k", lambda: flops_for_dollars(1e5, device("H100"), MFU), (), "5.7e22"),
    Row("errata 17", "$ of GPT-3, as claimed", lambda: 3640 * CLAIMED, (), "3640"),
    Row("errata 17", "its own estimate over its own price", lambda: 4.6e6 / (3640 * CLAIMED), (), "1264"),
    Row("errata 18", "H100s that sustain 300 petaflop/s", lambda: devices_for(300e15, device("H100"), MFU), (), "758"),
    Row("errata 18", "days of its own plan", lambda: 1e5 / CLAIMED / 300, (), "333"),
)
