"""Kill the workers for half a minute and see that nothing is lost: `make storm [ONLY=name] [DATABASE=…]`."""

import sys

from bench.runner import Measurement, run

VARIANTS = [
    Measurement("bench.storm.killed_workers"),
    Measurement("bench.storm.postgres_restart", databases=["postgres"]),
    Measurement("bench.storm.valkey_flush"),
    Measurement("bench.storm.two_clusters"),
    Measurement("bench.storm.frozen"),
]

if __name__ == "__main__":
    sys.exit(run(VARIANTS, file="storm.json"))
