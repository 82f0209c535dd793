"""Workers are killed, and the Valkey that carries the doorbell is flushed twice."""

import redis
from django.conf import settings

from bench.place import Place
from bench.rows import Row
from bench.storm.weather import ride


def measure(place: Place) -> list[Row]:
    moments = [0.33, 0.66]
    client = redis.Redis.from_url(settings.DOORBELL_URL)

    def flush(share: float) -> None:
        if moments and share > moments[0]:
            moments.pop(0)
            client.flushall()

    return ride(place, flush)
