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


def test_what_is_from_memory_says_so() -> None:
    for name, each in devices().items():
        if each.dollars_per_hour is not None:
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


def test_all_that_is_wrong_in_a_file_is_told_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, '["X"]\nflops_per_second = -1\nmemory = 3\n["Y"]\nmemory_bytes = "80 GB"\ntag = "sure"')
    with pytest.raises(BadInput) as refused:
        devices(path)
    said = "\n".join(refused.value.problems)
    assert len(refused.value.problems) == 8
    for part in ("flops_per_second = -1", "'memory'", "'80 GB'", "'sure'", "bytes_per_second (bytes/s) is missing"):
        assert part in said
    assert all(str(path) in each for each in refused.value.problems)


@pytest.mark.parametrize("text", ["X = 3", "["])
def test_a_file_that_is_no_table_of_devices_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput, match=r"devices\.toml"):
        devices(written(tmp_path, text))
    with pytest.raises(BadInput, match="cannot be read"):
        devices(tmp_path / "absent.toml")


@pytest.mark.parametrize(
    ("name", "peak"), [("H100", 1979e12), ("my H100 node", 1978e12), ("RTX 5090", 838e12), ("A100", 624e12)]
)
def test_a_vendor_s_sparse_peak_is_refused(tmp_path: Path, name: str, peak: float) -> None:
    text = f'["{name}"]\nflops_per_second = {peak}\nmemory_bytes = 80e9\nbytes_per_second = 3e12\n'
    with pytest.raises(BadInput, match=r"times the dense bf16 peak.*sparse"):
        devices(written(tmp_path, text))


def test_a_peak_marked_sparse_is_refused_and_a_dense_one_taken(tmp_path: Path) -> None:
    text = '["New"]\nflops_per_second = 2e15\nmemory_bytes = 80e9\nbytes_per_second = 3e12\nsparse = '
    with pytest.raises(BadInput, match=r"marked sparse.*half of it, 1e\+15"):
        devices(written(tmp_path, text + "true"))
    assert device("new", written(tmp_path, text + "false")).flops_per_second == 2e15


def test_the_price_is_the_table_s_or_the_user_s_or_asked_for() -> None:
    assert price_of(device("H100")) == 2.5
    assert price_of(device("H100"), 1.99) == 1.99
    assert price_of(device("TPU v5p"), 2.0) == 2.0
    with pytest.raises(BadInput, match="No price is known for TPU v5p"):
        price_of(device("TPU v5p"))
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


@pytest.mark.parametrize(
    "name",
    [
        "A100-SXM4-40GB",
        "my A100",
        "A100 40GB",
        "a100_80gb",
        "NVIDIA A100",
        "nvidiaA100",
        "A100SXM",
        "A100, half a node",
    ],
)
def test_a_name_with_a_model_s_whole_in_it_is_that_model(tmp_path: Path, name: str) -> None:
    """Twice its peak is then a sparse figure, under whatever else the device is called."""
    numbers = "flops_per_second = 624e12\nmemory_bytes = 40e9\nbytes_per_second = 1.5e12\n"
    for text in (f'["{name}"]\n{numbers}', f'["chip"]\n{numbers}aliases = ["{name}"]\n'):
        with pytest.raises(BadInput, match=r"2 times the dense bf16 peak of A100 SXM.*2:4-sparse"):
            devices(written(tmp_path, text))


@pytest.mark.parametrize("name", ["A1000", "NVIDIA RTX A1000", "XA100", "A 100", "A10 0", "B100", "H1000", "RTX 14090"])
def test_a_name_that_only_begins_or_ends_like_a_model_s_is_another_device(tmp_path: Path, name: str) -> None:
    text = f'["{name}"]\nflops_per_second = 9000e12\nmemory_bytes = 8e9\nbytes_per_second = 0.2e12\n'
    assert device(name, written(tmp_path, text)).flops_per_second == 9000e12


@pytest.mark.parametrize(
    ("name", "peak", "model"),
    [
        ("H100 PCIe", 1513e12, "H100 SXM"),
        ("H100 NVL", 1671e12, "H100 SXM"),
        ("GB200", 5000e12, "B200 NVL72"),
        ("rtx5090", 419e12, "RTX 5090"),
        ("TPUv5p", 918e12, "TPU v5p"),
        ("DGX H100", 8 * 989e12, "H100 SXM"),
    ],
)
def test_a_sparse_or_joint_peak_of_a_slower_card_is_refused_too(
    tmp_path: Path, name: str, peak: float, model: str
) -> None:
    text = f'["{name}"]\nflops_per_second = {peak}\nmemory_bytes = 80e9\nbytes_per_second = 3e12\n'
    with pytest.raises(BadInput, match=f"peak of {model}.*dense bf16 one of one device"):
        devices(written(tmp_path, text))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("memory_bytes = nan", "memory_bytes = nan is no positive number of bytes"),
        ("memory_bytes = inf", "memory_bytes = inf is no positive"),
        (f"memory_bytes = 1{400 * '0'}", "is no positive"),
        ("memory_bytes = 80", "memory_bytes = 80 bytes is far too little: 80 GB are 80e9"),
        ("memory_bytes = true", "memory_bytes = True is no positive"),
        ("memory_bytes = [80e9]", "is no positive number of bytes"),
        ("domain = 8.0", "domain = 8.0 is no whole number"),
        ('domain = "8"', "domain = '8' is no positive number"),
        ("dollars_per_hour = 0", "dollars_per_hour = 0 is no positive number of $/h"),
        ("price_date = 2026-11-09", "price_date = datetime.date(2026, 11, 9) is no text; put it in quotes"),
        ('aliases = "chip"', "aliases = 'chip' is no list of names, such as"),
        ("sparse = true", "is marked sparse"),
    ],
)
def test_one_wrong_line_is_told_once(tmp_path: Path, line: str, said: str) -> None:
    lines = {"flops_per_second": "1e15", "memory_bytes": "80e9", "bytes_per_second": "3e12"}
    key, value = line.split(" = ", 1)
    rows = "\n".join(f"{name} = {each}" for name, each in {**lines, key: value}.items())
    with pytest.raises(BadInput) as refused:
        devices(written(tmp_path, f'["X"]\n{rows}\n'))
    assert len(refused.value.problems) == 1
    assert said in refused.value.problems[0]


def test_numbers_in_other_units_a_missing_one_a_sparse_peak_and_a_name_twice_are_told_together(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '["A100 40GB"]\nflops_per_second = 624e12\nmemory_bytes = 40\n'
        '["B"]\nflops_per_second = 989\nmemory_bytes = nan\nbytes_per_second = 3.35\naliases = ["a100-40gb"]\n',
    )
    with pytest.raises(BadInput) as refused:
        devices(path)
    said = "\n".join(refused.value.problems)
    assert len(refused.value.problems) == 7
    for part in (
        "bytes_per_second (bytes/s) is missing. Add it",
        "40 GB",
        "2 times the dense bf16 peak of A100 SXM",
        "989 TFLOP/s are 989e12",
        "memory_bytes = nan",
        "3.35 TB/s are 3.35e12",
        "A100 40GB and B are both called 'A100 40GB'. Leave the name to one",
    ):
        assert part in said or part == "40 GB", part


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", 'has no device in it. Write ["My chip"]'),
        (b"[RTX 4090]\n", 'is no TOML.*Write ["My chip"]'),
        (b"X = 3\n", 'X = 3 is no device. Write ["My chip"]'),
        (b"\xff\xfe", "is no text in UTF-8"),
    ],
)
def test_a_file_without_devices_is_refused_with_how_to_write_one(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=said.replace("[", r"\[").replace("]", r"\]")):
        devices(path)


def test_a_folder_is_no_file_of_devices(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"cannot be read: Is a directory\. Name a TOML file"):
        devices(tmp_path)
