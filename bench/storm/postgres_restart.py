"""Workers are killed, and the PostgreSQL server is restarted twice."""

from bench.place import Place
from bench.rows import Row
from bench.storm.weather import ride


def measure(place: Place) -> list[Row]:
    moments = [0.33, 0.66]

    def restart(share: float) -> None:
        if moments and share > moments[0]:
            moments.pop(0)
            place.restart_postgres()

    return ride(place, restart)
