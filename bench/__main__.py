"""Print the table of measurements: `make bench`. A scenario is a function that returns its rows."""

from collections.abc import Callable

type Row = tuple[str, str, str, str]

SCENARIOS: list[Callable[[], list[Row]]] = []


def main() -> None:
    rows = [row for scenario in SCENARIOS for row in scenario()]
    table = [("scenario", "value", "baseline", "ratio"), *rows]
    widths = [max(len(row[column]) for row in table) for column in range(4)]
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    if not rows:
        print("Nothing is measured yet.")


if __name__ == "__main__":
    main()
