"""A user's own file of devices: all that is wrong in it is told at once, and a sparse peak is never taken."""

from pathlib import Path

import pytest

from isoflop.costs.hardware import device, devices
from isoflop.errors import BadInput


def written(folder: Path, text: str) -> Path:
    path = folder / "devices.toml"
    path.write_text(text, encoding="utf-8")
    return path


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


@pytest.mark.parametrize("name", ["A1000", "NVIDIA RTX A1000", "XA100", "B100", "H1000", "RTX 14090"])
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
        "memory_bytes = 40 bytes is far too little",
        "2 times the dense bf16 peak of A100 SXM",
        "989 TFLOP/s are 989e12",
        "memory_bytes = nan",
        "3.35 TB/s are 3.35e12",
        "A100 40GB and B are both called 'A100 40GB'. Leave the name to one",
    ):
        assert part in said, part


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
