"""Colours that the colour-blind can tell apart: a blue ramp over budgets, and orange for what was forecast.

A figure is drawn in the light colours below. In a page each is exchanged for a CSS variable, so that the same picture
is dark where its reader's screen is dark; a downloaded figure keeps the light colours.
"""

from collections.abc import Sequence

ROLES = {
    "paper": ("#fffefa", "#15171a"),
    "ink": ("#1c1d1f", "#e9e7e1"),
    "soft": ("#5c5f63", "#a9a9a4"),
    "rule": ("#dddad2", "#34373c"),
    "accent": ("#c04a00", "#ff9e57"),
    "band": ("#f3d9c3", "#4a3322"),
    "trend": ("#8b8e92", "#7d8187"),
}
"""Each role's light and dark colour; text roles keep a contrast of 4.5 or more on paper."""

SHADES = 10
"""Shades of blue on a page whose pictures share out a fixed ramp (`spread`) instead of having one for each budget."""

_RAMP = (("#5f97d3", "#2468ad", "#0a2550"), ("#4472a6", "#7bb0e8", "#e3efff"))
"""Lowest to highest budget: the highest stands out most from the paper, light or dark."""


def light(role: str) -> str:
    """The colour that figures are drawn in."""
    return ROLES[role][0]


def ramp(n: int, dark: bool = False) -> list[str]:
    """`n` colours from the lowest budget to the highest."""
    stops = [_channels(stop) for stop in _RAMP[dark]]
    colours = []
    for i in range(n):
        place = (i / (n - 1) if n > 1 else 0.5) * (len(stops) - 1)
        left = min(int(place), len(stops) - 2)
        mixed = [round(a + (b - a) * (place - left)) for a, b in zip(stops[left], stops[left + 1], strict=True)]
        colours.append("#" + "".join(f"{channel:02x}" for channel in mixed))
    return colours


def by_budget(budgets: Sequence[float]) -> dict[float, str]:
    """Each budget's colour, lowest budget first."""
    return dict(zip(budgets, ramp(len(budgets)), strict=True))


def spread(n_budgets: int, n: int) -> list[str]:
    """`n` of the ramp's own colours, as far apart as it has them; they repeat when it has too few."""
    colours = ramp(max(n_budgets, 1))
    last = len(colours) - 1
    return [colours[round(i * last / max(n - 1, 1))] for i in range(n)]


def variables(n_budgets: int) -> dict[str, tuple[str, str, str]]:
    """Every colour in use: light colour to (CSS variable, light, dark)."""
    named = dict(ROLES)
    pairs = zip(ramp(n_budgets), ramp(n_budgets, dark=True), strict=True)
    named |= {f"budget-{i}": pair for i, pair in enumerate(pairs)}
    return {light: (f"--{name}", light, dark) for name, (light, dark) in named.items()}


def stylesheet(n_budgets: int, dark: bool) -> str:
    """The CSS declarations of all variables for one theme."""
    chosen = variables(n_budgets).values()
    return "".join(f"{name}:{(light, night)[dark]};" for name, light, night in chosen)


def themed(svg: str, n_budgets: int) -> str:
    """The figure with each of its colours exchanged for its variable."""
    for colour, (name, _, _) in variables(n_budgets).items():
        svg = svg.replace(f'"{colour}"', f'"var({name})"')
    return svg


def _channels(colour: str) -> Sequence[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
