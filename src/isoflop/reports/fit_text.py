"""What `isoflop fit` prints: the verdict, what speaks against it, the constants, what lies ahead, the approaches."""

import textwrap
from collections.abc import Callable, Sequence

from isoflop.estimates.check import Check
from isoflop.estimates.fit import Fit
from isoflop.estimates.opinion import Estimate, Opinion
from isoflop.estimates.standing import Standing
from isoflop.plans.analysis import Analysis
from isoflop.plans.plan import Plan, Quantity
from isoflop.reports import prose
from isoflop.reports.compared import compared, ranges
from isoflop.reports.fit_verdict import checks, doubts, headline, left_out, passed, span
from isoflop.reports.text import columns
from isoflop.units import print_count, print_flops

WIDTH = 100


def fit_text(analysis: Analysis) -> str:
    """Lines of at most `WIDTH` characters; short where nothing speaks against the fit."""
    parts = [
        wrapped(headline(analysis, compared(analysis), print_flops)),
        "\n".join(
            wrapped(f"{each.verdict.upper():4}  {each.name}: {each.message}", "      ") for each in doubts(analysis)
        ),
        exclusion(doubts(analysis)),
        constants(analysis.fit),
        standings(analysis.standings),
        ahead(analysis.ahead),
        approaches(analysis.opinions),
        "\n".join(_remarks(analysis)),
    ]
    return "\n\n".join(part for part in parts if part)


def exclusion(proposed: Sequence[Check]) -> str:
    """How the runs that a check proposes to leave out are left out."""
    rows = sorted({row for check in proposed for row in check.rows})
    return wrapped(f"To leave them out: --exclude {' '.join(map(str, rows))}") if rows else ""


def constants(fit: Fit) -> str:
    """The law's constants with intervals, units and meaning, and where the intervals come from."""
    level = next((f"{each.level:.0%}" for each in fit.intervals.values()), "")
    rows: list[tuple[str, ...]] = [("constant", "value", "low", "high", "unit", "meaning")]
    for each in fit.law.params():
        interval = fit.intervals.get(each.name)
        low, high = (f"{interval.low:.4g}", f"{interval.high:.4g}") if interval else ("?", "?")
        unit = fit.law.output_unit if each.unit == "output" else each.unit
        rows.append((each.name, f"{fit.law.constants[each.name]:.6g}", low, high, unit, each.meaning))
    rows = [row if level else (*row[:2], *row[4:]) for row in rows]
    right = (1, 2, 3) if level else (1,)
    about = f"{fit.status}, objective {fit.objective:.8g}"
    about += f", {level} intervals from {fit.draws:,} resamples, seed {fit.seed}" if level else ", no intervals"
    return f"{_fitting(rows, right)}\n({about})"


def ahead(plans: Sequence[Plan]) -> str:
    """The best size at each budget, a column each."""
    if not plans:
        return ""
    level = next((f", {each.n_params.level:.0%}" for each in plans if each.n_params and each.n_params.level), "")
    by = plans[0].law.partition(":")[0] if ":" in plans[0].law else ""
    rows: list[tuple[str, ...]] = [
        (f"{by + ', ' if by else ''}best at{level}", *(print_flops(plan.flops) for plan in plans)),
        ("N, parameters", *(_quantity(plan.n_params, print_count) for plan in plans)),
        ("D, tokens", *(_quantity(plan.tokens, print_count) for plan in plans)),
        ("D / N", *(_quantity(plan.tokens_per_param, prose.ratio) for plan in plans)),
        ("loss", *(_quantity(plan.loss, prose.loss) for plan in plans)),
    ]
    notes = [wrapped(f"Note at {print_flops(plan.flops)}: {note}") for plan in plans for note in plan.notes]
    return "\n".join([columns(rows), *notes])


def standings(rows: Sequence[Standing]) -> str:
    """A line a law and baseline: what each missed of the largest budget, which it had not seen, and its weight."""
    if not rows:
        return ""
    table: list[tuple[str, ...]] = [("held out", "constants", "rms", "at the best run", "in compute", "weight")]
    for each in rows:
        misses = [_percent(each.error, "+.2%"), _percent(each.compute, "+.0%")]
        table.append((each.name, str(each.constants), _percent(each.rms, ".2%"), *misses, _percent(each.weight, ".1%")))
    return columns(table, right=(1, 2, 3, 4, 5))


def approaches(opinions: Sequence[Opinion]) -> str:
    """A line an approach; the reason, shortened, for one that could not be run."""
    if not opinions:
        return ""
    at = [f"N at {print_flops(flops).removesuffix(' FLOPs')}" for flops in opinions[0].flops]
    ran = [each for each in opinions if each.exponent]
    rows = [("approach", "N_opt ~ C^a", *at)]
    rows += [
        (each.approach, _estimate(each.exponent, _exponent), *(_estimate(n, print_count) for n in each.n_params))
        for each in ran
    ]
    lost = [_shortened(f"{each.approach}: not run. {each.reason}") for each in opinions if not each.exponent]
    return "\n".join([*([columns(rows)] if ran else []), *lost])


def wrapped(words: str, indent: str = "  ") -> str:
    """The words in lines of `WIDTH`, all but the first indented."""
    return textwrap.fill(words, WIDTH, subsequent_indent=indent, break_long_words=True, break_on_hyphens=False)


def _remarks(analysis: Analysis) -> list[str]:
    """What was left out, the other laws, the reader's notes, and how many checks passed."""
    lines = [
        f"Left out: {len(rows)} {_rows(rows)}, {why} ({_rows(rows)} {ranges(rows)})"
        for why, rows in left_out(analysis.fit).items()
    ]
    lines += [
        f"Also fitted: {type(fit.law).__name__}, {fit.status}; its doubts were not looked into"
        for i, fit in enumerate(analysis.fits)
        if i != analysis.chosen
    ]
    lines += [f"No fit: {name}. {why}" for name, why in analysis.failed.items()]
    lines += [f"Note: {note}" for note in analysis.notes]
    if checks(analysis):
        fine = passed(analysis)
        names = f" ({', '.join(check.name for check in fine)})" if fine else ""
        lines.append(f"{len(fine)} of {len(checks(analysis))} checks passed{names}")
    return [wrapped(line) for line in lines]


def _fitting(rows: list[tuple[str, ...]], right: tuple[int, ...]) -> str:
    """Aligned columns, the last one wrapped into what is left of the line."""
    used = sum(max(len(row[i]) for row in rows) + 2 for i in range(len(rows[0]) - 1))
    room = max(WIDTH - used, 20)
    lines: list[tuple[str, ...]] = []
    for *cells, last in rows:
        first, *more = textwrap.wrap(last, room) or [""]
        lines.append((*cells, first))
        lines += [(*("" for _ in cells), each) for each in more]
    return columns(lines, right=right)


def _rows(rows: Sequence[int]) -> str:
    return "row" if len(rows) == 1 else "rows"


def _shortened(words: str) -> str:
    return textwrap.shorten(words, WIDTH, placeholder=" ...")


def _quantity(quantity: Quantity | None, show: Callable[[float], str]) -> str:
    return "unknown" if quantity is None else span(quantity, show)


def _estimate(estimate: Estimate | None, show: Callable[[float], str]) -> str:
    if estimate is None:
        return "unknown"
    interval = estimate.interval
    return span(Quantity(estimate.value, *((interval.low, interval.high) if interval else ())), show)


def _percent(value: float | None, how: str) -> str:
    return "" if value is None else format(value, how)


def _exponent(value: float) -> str:
    return f"{value:.3f}"
