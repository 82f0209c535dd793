"""What a measurement says: one row for each figure, as a table and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True)
class Baseline:
    name: str
    value: float


@dataclass(frozen=True, kw_only=True)
class Row:
    """A figure. `ratio` is value / baseline; `met` is None where there is no goal, or nothing to compare with."""

    metric: str
    value: float | None
    unit: str
    baseline: Baseline | None = None
    ratio: float | None = None
    goal: str = ""
    met: bool | None = None
    scenario: str = ""
    database: str = ""

    def placed(self, scenario: str, database: str) -> Self:
        return replace(self, scenario=scenario, database=database)

    def as_json(self) -> dict[str, Any]:
        made = asdict(self)
        order = ("scenario", "database", "metric", "value", "unit", "baseline", "ratio", "goal", "met")
        return {name: made[name] for name in order}


def figure(metric: str, value: float | None, unit: str, *, baseline: Baseline | None = None) -> Row:
    """Return a figure without a goal."""
    ratio = value / baseline.value if value is not None and baseline and baseline.value else None
    return Row(metric=metric, value=value, unit=unit, baseline=baseline, ratio=ratio)


def at_most(limit: float, row: Row) -> Row:
    met = None if row.value is None else row.value <= limit
    return replace(row, goal=f"<= {limit:g} {row.unit}".rstrip(), met=met)


def exactly(wanted: float, row: Row) -> Row:
    return replace(row, goal=f"= {wanted:g}", met=None if row.value is None else row.value == wanted)


def times_at_least(factor: float, row: Row) -> Row:
    return replace(row, goal=f">= {factor:g} x", met=None if row.ratio is None else row.ratio >= factor)


def times_at_most(factor: float, row: Row) -> Row:
    return replace(row, goal=f"<= {factor:g} x", met=None if row.ratio is None else row.ratio <= factor)


def note(metric: str, why: str) -> Row:
    """Return a line for what was not measured."""
    return Row(metric=f"{metric}: {why}", value=None, unit="")


def write(rows: Sequence[Row], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([row.as_json() for row in rows], indent=1) + "\n", encoding="utf-8")


def read(file: Path) -> list[Row]:
    found = json.loads(file.read_text(encoding="utf-8"))
    return [Row(**{**one, "baseline": Baseline(**one["baseline"]) if one["baseline"] else None}) for one in found]


def print_table(rows: Sequence[Row]) -> None:
    head = ("scenario", "database", "metric", "value", "unit", "baseline", "ratio", "goal", "met")
    table = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(head))]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.scenario,
        row.database,
        row.metric,
        _number(row.value),
        row.unit,
        f"{row.baseline.name} {_number(row.baseline.value)}" if row.baseline else "",
        "" if row.ratio is None else f"{row.ratio:.2f}",
        row.goal,
        {True: "yes", False: "NO", None: ""}[row.met],
    )


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"
