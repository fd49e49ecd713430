"""Quantities are read as people write them and printed as they read them."""

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from isoflop.errors import BadInput
from isoflop.units import (
    PF_DAY,
    parse_count,
    parse_dollars,
    parse_flops,
    parse_number,
    parse_share,
    plural,
    print_bytes,
    print_count,
    print_dollars,
    print_flops,
    print_ratio,
    print_seconds,
    print_share,
)

unhurried = settings(deadline=None)  # a busy machine is no failure


@pytest.mark.parametrize(
    ("text", "flops"),
    [
        ("1e22", 1e22),
        ("10ZFLOP", 1e22),
        ("10 ZFLOPs", 1e22),
        ("2.5E", 2.5e18),
        ("115PF-days", 115 * PF_DAY),
        ("1 pf-day", PF_DAY),
        ("1_000", 1000),
        ("6,400", 6400),
        (".5M", 5e5),
        ("1,000,000", 1e6),
        ("115 PF-days", 115 * PF_DAY),
        ("115 PFLOP/s-days", 115 * PF_DAY),
        ("115petaflop days", 115 * PF_DAY),
        ("1e22 FLOPs", 1e22),
        ("10 eflops", 1e19),
    ],
)
def test_flops_are_read_as_people_write_them(text: str, flops: float) -> None:
    assert parse_flops(text) == pytest.approx(flops, rel=1e-12)


@pytest.mark.parametrize(
    "text",
    ["", " ", "lots", "-1", "0", "nan", "inf", "1e400", "1e300Y", "1e-400", "1e22 dollars", "10XFLOP", "1..2", "1e"],
)
def test_what_is_no_budget_is_refused_with_how_to_write_one(text: str) -> None:
    with pytest.raises(BadInput, match="1e22, 10ZFLOP or 115PF-days"):
        parse_flops(text)


def test_counts_are_read_with_their_suffix() -> None:
    assert parse_count("7B", "parameters") == 7e9
    assert parse_count("1.4T", "tokens") == 1.4e12
    with pytest.raises(BadInput, match=r"Write tokens as 7e9, 7B or 1\.4T"):
        parse_count("7 GB", "tokens")


def test_a_speed_is_no_amount() -> None:
    for text in ("989 TFLOP/s", "1 EFLOPs/s"):
        with pytest.raises(BadInput, match="is a speed"):
            parse_flops(text)


@pytest.mark.parametrize(
    ("text", "what", "count"),
    [
        ("15T tokens", "tokens", 15e12),
        ("7B params", "parameters", 7e9),
        ("1.4 trillion tokens", "tokens", 1.4e12),
        ("7 Billion", "parameters", 7e9),
        ("100k", "tokens", 1e5),
        ("1 token", "tokens", 1),
    ],
)
def test_what_is_counted_may_be_named(text: str, what: str, count: float) -> None:
    assert parse_count(text, what) == pytest.approx(count, rel=1e-12)


def test_what_is_counted_is_not_another_thing() -> None:
    for text, what in (("7B tokens", "parameters"), ("7B params", "tokens"), ("7G", "tokens")):
        with pytest.raises(BadInput, match=f"Write {what} as 7e9"):
            parse_count(text, what)


@unhurried
@given(st.floats(1e-3, 1e30))
def test_printed_flops_read_back_within_their_three_digits(flops: float) -> None:
    assert parse_flops(print_flops(flops)) == pytest.approx(flops, rel=0.00501)


@unhurried
@given(st.floats(1, 9.9e14))
def test_printed_counts_read_back_within_their_three_digits(count: float) -> None:
    assert parse_count(print_count(count), "tokens") == pytest.approx(count, rel=0.00501)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (59.4, "59 s"), (200, "3 min 20 s"), (3599.6, "1 h 0 min"), (7500, "2 h 5 min")]
)
def test_times_are_printed_in_whole_units(seconds: float, words: str) -> None:
    assert print_seconds(seconds) == words


@pytest.mark.parametrize(
    ("text", "dollars"),
    [
        ("100000", 1e5),
        ("100,000", 1e5),
        ("$2M", 2e6),
        ("$ 2 M", 2e6),
        ("2M$", 2e6),
        ("$2 million", 2e6),
        ("100k USD", 1e5),
        ("$1,500", 1500),
        ("1.5b", 1.5e9),
    ],
)
def test_dollars_are_read_as_people_write_them(text: str, dollars: float) -> None:
    assert parse_dollars(text) == pytest.approx(dollars)


def test_dollars_that_are_none_are_refused() -> None:
    for text in ("2 euros", "-3", "$-3", "-$3", "$", "$$2", "2T", "1e400"):
        with pytest.raises(BadInput, match=r"\$2M") as refused:
            parse_dollars(text)
        assert repr(text) in str(refused.value)


def test_dollars_are_printed_short() -> None:
    assert [print_dollars(each) for each in (152.3, 99_800, 2e6)] == ["$152", "$99.8K", "$2.00M"]


@pytest.mark.parametrize(
    ("text", "meant"), [("1,5e22", "1.5e22"), ("1,50", "1.50"), ("1,5B", "1.5B"), ("7,25 T", "7.25 T")]
)
def test_a_decimal_comma_is_no_thousand(text: str, meant: str) -> None:
    """1,5e22 read as 15e22 would be ten times the money."""
    for read in (parse_flops, lambda each: parse_count(each, "tokens"), parse_dollars):
        with pytest.raises(BadInput, match=f"For {re.escape(meant)}, write that"):
            read(text)


def test_points_that_part_thousands_are_refused_with_what_was_meant() -> None:
    with pytest.raises(BadInput, match=r"point is a decimal point\. For 1,000,000 tokens, write that"):
        parse_count("1.000.000 tokens", "tokens")


def test_a_comma_before_an_exponent_may_be_either_and_is_refused() -> None:
    with pytest.raises(BadInput, match=r"Write 1\.500e22, or leave the comma out"):
        parse_flops("1,500e22")


@pytest.mark.parametrize("digits", ["1,,000", "1,0000", "12,34,567", "1_", "1_00", "1000_000", "1_000,000", "1,000,"])
def test_separators_that_part_no_thousands_are_refused(digits: str) -> None:
    with pytest.raises(BadInput, match="comma parts thousands"):
        parse_count(digits, "tokens")


@pytest.mark.parametrize("text", ["1,2.3", "1.000,5", "1.5.2", "1 2", ",5", ",", ".", "1e5.5", "٣"])
def test_digits_that_are_no_number_are_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_count(text, "tokens")


@unhurried
@given(st.integers(1, 10**15))
def test_thousands_may_be_parted_by_commas_or_underscores(number: int) -> None:
    assert parse_count(f"{number:,}", "tokens") == parse_count(f"{number:_}", "tokens") == number


@unhurried
@given(st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from(["", "e22", "B", " T"]))
def test_a_decimal_comma_is_refused_with_the_number_meant(whole: int, part: int, unit: str) -> None:
    """What the refusal says to write is read back as that number."""
    text = f"{whole},{part}{unit}"
    assume(unit == "e22" or len(str(part)) != 3 or whole > 999 or whole == 0)
    with pytest.raises(BadInput) as refused:
        parse_flops(text)
    meant = re.search(r"(?:For|Write) ([^,]*),", str(refused.value))
    assert meant is not None
    assert meant.group(1) == text.replace(",", ".")


@unhurried
@given(st.one_of(st.text(max_size=12), st.from_regex(r"[0-9.,_]{1,8}([eE][+-]?[0-9]{1,4})? ?[A-Za-z$/-]{0,6}")))
def test_no_text_is_read_as_anything_but_a_positive_number(text: str) -> None:
    """Nor as a number with the wrong thousands: what is read has the digits that stand there."""
    for read in (parse_flops, lambda each: parse_count(each, "tokens"), parse_dollars):
        try:
            found = read(text)
        except BadInput as bad:
            assert len(bad.problems) == 1
            assert repr(text) in str(bad)
            continue
        assert 0 < found < float("inf")
        assert re.search(r"[,_](?![0-9]{3}(?:[^0-9]|$))|(?:^|[^0-9.])0[,_]", text) is None


@unhurried
@given(st.floats(1e15, 1e40))
def test_a_count_beyond_all_suffixes_is_an_exponent_that_reads_back(count: float) -> None:
    assert "+" not in print_count(count)
    assert parse_count(print_count(count), "tokens") == pytest.approx(count, rel=0.00501)


def test_less_than_a_second_is_milliseconds_and_not_nothing() -> None:
    assert print_seconds(0.42) == "420 ms"
    assert print_seconds(0.0004) == "0.4 ms"
    assert print_seconds(0) == "0 s"
    assert [print_seconds(each) for each in (0.9994, 0.9996, 1)] == ["999 ms", "1 s", "1 s"]


@pytest.mark.parametrize("number", [float("inf"), float("nan")])
def test_what_is_no_number_is_printed_as_such(number: float) -> None:
    assert print_count(number) == str(number)
    assert print_flops(number) == f"{number} FLOPs"


@given(st.floats(100, 9.99e14))
def test_no_ratio_nor_size_in_bytes_has_an_exponent(number: float) -> None:
    assert "e" not in print_ratio(number) + print_bytes(number)
    assert print_ratio(1.81e5) == "181,000"
    assert print_ratio(0.4567) == "0.457"
    assert print_ratio(999_499) == "999,000"
    assert print_ratio(999_600) == "1.00M"


def test_bytes_go_over_into_the_next_unit() -> None:
    said = [print_bytes(each) for each in (4.2e6, 72.4e9, 999.4e9, 999.6e9, 3.4e12, 5e15)]
    assert said == ["4.2 MB", "72.4 GB", "999 GB", "1 TB", "3.4 TB", "5,000 TB"]


@given(st.floats(-1, 1, exclude_min=True, exclude_max=True))
def test_what_is_not_all_never_reads_as_all(share: float) -> None:
    for digits in (0, 1):
        said = print_share(share, digits)
        assert not said.lstrip("-").startswith("100")
        assert float(said.removesuffix("%")) == pytest.approx(100 * share, abs=0.51 * 10**-digits)
    assert [print_share(each) for each in (0.87, 0.9973, -0.99998, 1.0, 12.5)] == [
        "87%", "99.7%", "-99.99%", "100%", "1,250%",
    ]  # fmt: skip


def test_one_is_one() -> None:
    assert plural(1, "GPU") == "1 GPU"
    assert plural(1024, "sequence") == "1,024 sequences"


def test_bare_numbers_and_shares_are_read_as_people_write_them() -> None:
    assert parse_number("1,024", "64") == 1024
    assert parse_number("2.50", "64") == 2.5
    assert parse_share("40%", "0.4") == parse_share(" 40 % ", "0.4") == parse_share("0.4", "0.4") == 0.4
    for text in ("40%", "1K", "nan", "-8", "1e400", "", "2,5"):
        with pytest.raises(BadInput, match="no positive number: write it as 64 or 1,024"):
            parse_number(text, "64 or 1,024")
    for text in ("%", "40%%", "40 percent", "forty"):
        with pytest.raises(BadInput, match=r"write it as 0\.4 or 40%"):
            parse_share(text, "0.4 or 40%")
