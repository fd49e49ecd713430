"""The table of accelerators, a user's own entries, and what FLOPs cost on them."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isoflop.costs.flops import flops_per_token
from isoflop.costs.hardware import Device, device, devices
from isoflop.costs.shape import Shape
from isoflop.costs.utilisation import (
    DEFAULTS,
    REPORTED,
    days,
    default_mfu,
    device_hours,
    dollars,
    flops_for_dollars,
    hfu,
    mfu,
    price_of,
)
from isoflop.errors import BadInput

SPECIFIED = {  # dense bf16 FLOP/s, bytes, bytes/s: the rows of section 12 that three tables agree on
    "A100": (312e12, 80e9, 2.04e12),
    "H100": (989e12, 80e9, 3.35e12),
    "H200": (989e12, 141e9, 4.8e12),
    "MI300X": (1307e12, 192e9, 5.3e12),
    "TPU v5p": (459e12, 95e9, 2.765e12),
}
OWN = """
["My chip"]
flops_per_second = 100e12
memory_bytes = 48e9
bytes_per_second = 1e12
dollars_per_hour = 0.8
price_date = "2026-11"
aliases = ["chip"]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "devices.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_table_is_the_specification_s() -> None:
    for name, numbers in SPECIFIED.items():
        each = device(name)
        assert (each.flops_per_second, each.memory_bytes, each.bytes_per_second) == numbers
        assert each.tag == "V2"
    b200 = device("B200")
    assert (b200.flops_per_second, b200.memory_bytes, b200.bytes_per_second) == (2250e12, 180e9, 7.7e12)
    assert (b200.domain, device("NVL72").domain, device("H100").domain, device("4090").domain) == (8, 72, 8, 1)


def test_links_send_half_of_what_both_ways_together_are() -> None:
    """GB/s both ways: NVLink 3, 4 and 5, AMD's XGMI, and the six links of a TPU v5p; Gb/s of the network a device."""
    both = {"A100": 600, "H100": 900, "H200": 900, "B200": 1800, "NVL72": 1800, "MI300X": 896, "v5p": 1200}
    network = {"A100": 200, "H100": 400, "H200": 400, "B200": 400, "NVL72": 400, "v5p": 50}
    assert {name: 2 * (device(name).link_bytes_per_second or 0) / 1e9 for name in both} == both
    assert {name: 8 * (device(name).network_bytes_per_second or 0) / 1e9 for name in network} == network


def test_every_price_has_its_date_and_what_is_from_memory_says_so() -> None:
    for name, each in devices().items():
        assert each.dollars_per_hour is not None, name
        assert "price" in each.unverified, name
        assert re.search(r"listed at \$[\d.]+( to \$[\d.]+)? in 20\d\d-\d\d$", each.price), name
        ends = [float(end) for end in re.findall(r"\$([\d.]+)", each.price_listed)]
        assert each.price_date in each.price_source, name
        assert each.dollars_per_hour <= ends[-1], name
        assert (each.dollars_per_hour < ends[0]) == ("below what is listed" in each.unverified), name
        if each.tag == "M":
            assert "peak" in each.unverified, name
        assert each.unverified in "".join(each.doubts)
    assert {name for name, each in devices().items() if each.tag == "M"} == {"RTX 4090", "RTX 5090"}


@pytest.mark.parametrize("name", ["h100", "H100", "H100 SXM", "NVIDIA H100 SXM", "h100-sxm", "H100_80GB"])
def test_a_name_may_be_written_in_many_ways(name: str) -> None:
    assert device(name) is devices()["H100 SXM"]


def test_no_two_devices_share_a_name() -> None:
    names = [alias for each in devices().values() for alias in {each.name.lower(), *map(str.lower, each.aliases)}]
    assert len(names) == len(set(names))


def test_an_unknown_device_lists_the_known_ones() -> None:
    with pytest.raises(BadInput, match=r"'V100'.*A100 SXM, H100 SXM.*RTX 5090.*TOML"):
        device("V100")


def test_a_user_s_device_is_added_and_replaces_one_of_its_name(tmp_path: Path) -> None:
    numbers = "flops_per_second = 900e12\nmemory_bytes = 94e9\nbytes_per_second = 3.9e12\n"
    path = written(tmp_path, f'{OWN}["H100"]\n{numbers}["h200 sxm"]\n{numbers}')
    assert device("my-chip", path) == device("CHIP", path)
    assert device("chip", path).price == "$0.8 an hour of one, 2026-11"
    assert device("h100", path).memory_bytes == 94e9
    assert device("H100 SXM", path) is device("h100")
    assert device("h100").memory_bytes == 80e9
    assert "H200 SXM" not in devices(path)
    assert device("A100", path) is device("A100")


def test_the_price_is_the_table_s_or_the_user_s_or_asked_for(tmp_path: Path) -> None:
    assert price_of(device("H100")) == 2.5
    assert price_of(device("H100"), 1.99) == 1.99
    free = device("chip", written(tmp_path, OWN.replace("dollars_per_hour = 0.8", "")))
    assert price_of(free, 2.0) == 2.0
    with pytest.raises(BadInput, match="No price is known for My chip"):
        price_of(free)
    with pytest.raises(BadInput, match="no positive price"):
        price_of(device("H100"), 0.0)


@given(st.floats(1e3, 1e9), st.floats(0.05, 1.0), st.floats(0.1, 1.0))
def test_dollars_and_flops_turn_into_one_another(money: float, share: float, goodput: float) -> None:
    flops = flops_for_dollars(money, device("H100"), share, goodput=goodput)
    assert dollars(flops, device("H100"), share, goodput=goodput) == pytest.approx(money)


def test_days_shrink_with_devices_and_grow_with_what_failures_cost() -> None:
    h100 = device("H100")
    assert days(1e22, h100, 64, 0.4) == pytest.approx(2 * days(1e22, h100, 128, 0.4))
    assert days(1e22, h100, 64, 0.4, goodput=0.8) == pytest.approx(days(1e22, h100, 64, 0.4) / 0.8)
    assert days(1e22, h100, 64, 0.4) == pytest.approx(device_hours(1e22, h100, 0.4) / 64 / 24)


def test_a_share_above_one_is_refused() -> None:
    with pytest.raises(BadInput, match=r"MFU is a share.*1\.4"):
        device_hours(1e22, device("H100"), 1.4)
    with pytest.raises(BadInput, match="Goodput"):
        device_hours(1e22, device("H100"), 0.4, goodput=0.0)


def test_mfu_counts_six_n_and_the_attention_of_palm() -> None:
    """Chowdhery et al. 2022, app. B: 6 N + 12 L H Q T a token; recomputing all of the forward pass makes it 4/3."""
    shape = Shape(n_layers=12, width=768, n_heads=12, head_dim=64, ff_width=3072, vocab_size=50257, context=1024)
    a_token = 6 * shape.n_params + 12 * 12 * 12 * 64 * 1024
    assert a_token == flops_per_token(shape)
    a100 = device("A100")
    assert mfu(1e6, shape, a100, 8) == pytest.approx(1e6 * a_token / (8 * 312e12))
    assert hfu(1e6, shape, a100, 8) == pytest.approx(mfu(1e6, shape, a100, 8) * 4 / 3)
    assert hfu(1e6, shape, a100, 8, recomputed=0.0) == mfu(1e6, shape, a100, 8)


def test_every_size_has_a_default_with_its_source() -> None:
    for n_params in np.geomspace(1e3, 1e14, 200):
        assert default_mfu(n_params) in DEFAULTS
    assert all(each.source and (each.paper or each.unverified) for each in DEFAULTS)
    low, high = (each.mfu for each in REPORTED if "Llama" in each.what)
    assert (low, high) == (0.38, 0.43)
    assert low <= default_mfu(405e9).mfu <= high


def test_a_device_is_a_value() -> None:
    assert Device("x", 1.0, 1.0, 1.0) == Device("x", 1.0, 1.0, 1.0)
    assert Device("x", 1.0, 1.0, 1.0).price == ""
