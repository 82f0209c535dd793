"""Print the table of measurements, and write it to bench.json: `make bench [ONLY=name] [DATABASE=sqlite|postgres]`."""

import sys

from bench.runner import Measurement, run

SCENARIOS = [
    Measurement("bench.scenarios.floor"),
    Measurement("bench.scenarios.runs"),
    Measurement("bench.scenarios.steps"),
    Measurement("bench.scenarios.latency"),
    Measurement("bench.scenarios.recovery"),
    Measurement("bench.scenarios.herd"),
    Measurement("bench.scenarios.messages"),
    Measurement("bench.scenarios.changes"),
    Measurement("bench.scenarios.bulk_add"),
    Measurement("bench.scenarios.uploads"),
    Measurement("bench.scenarios.million", on_request=True),
]

if __name__ == "__main__":
    sys.exit(run(SCENARIOS, file="bench.json"))
