"""Bar charts as numbers for SVG attributes: the security policy allows no inline style, and no script is needed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

BAR, GAP, HEIGHT = 10, 2, 100
"""Units of the drawing, which is stretched to its place."""

type Counts = Iterable[tuple[str, datetime, int]]
"""(series, when, how many)"""


@dataclass(frozen=True)
class Part:
    series: str
    y: float
    height: float


@dataclass(frozen=True)
class Bar:
    x: int
    begins_at: datetime
    values: Mapping[str, int]
    parts: Sequence[Part]


@dataclass(frozen=True)
class Chart:
    """Stacked bars, the oldest first, and what each series comes to."""

    bars: Sequence[Bar]
    totals: Mapping[str, int]
    highest: int
    every: timedelta
    bar_width: int = BAR - GAP
    height: int = HEIGHT

    @property
    def width(self) -> int:
        return len(self.bars) * BAR - GAP

    @property
    def begins_at(self) -> datetime:
        return self.bars[0].begins_at


def chart(counts: Counts, *, series: Sequence[str], now: datetime, every: timedelta, bars: int) -> Chart:
    """Return the chart of the last `bars` intervals up to the minute of `now`; the first series lies at the bottom."""
    end = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    found = [dict.fromkeys(series, 0) for _ in range(bars)]
    for name, moment, count in counts:
        index = bars - 1 - (end - timedelta(minutes=1) - moment) // every
        if name in series and 0 <= index < bars:
            found[index][name] += count
    highest = max(sum(values.values()) for values in found)
    begins = end - bars * every
    return Chart(
        bars=[Bar(n * BAR, begins + n * every, values, _stacked(values, highest)) for n, values in enumerate(found)],
        totals={name: sum(values[name] for values in found) for name in series},
        highest=highest,
        every=every,
    )


def _stacked(values: Mapping[str, int], highest: int) -> list[Part]:
    """Return one part for each value above zero, of at least one unit, so that a single failure is seen."""
    parts, top = [], float(HEIGHT)
    for series, value in values.items():
        if value:
            height = max(value / highest * HEIGHT, 2.0)
            top = max(top - height, 0.0)
            parts.append(Part(series, round(top, 2), round(height, 2)))
    return parts
