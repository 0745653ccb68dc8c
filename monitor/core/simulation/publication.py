"""Simulated radio and wires: what of a sensor's publications arrives, twice, or broken."""

import random
from collections.abc import Iterable, Iterator
from typing import NamedTuple

HOUR_MS = 3_600_000

OUTAGE_CHANCE = 0.03
"""Per sensor and night: a router restarts, a battery sags."""
OUTAGE_H = (1.5, 5.0)
REPEAT_CHANCE = 0.01
"""Per message: the same again within 2 s, as after a lost acknowledgement."""
BREAK_CHANCE = 0.0015
"""Per JSON message: cut off, as by a full buffer. Never a plain number: cut, it is another one."""


class Publication(NamedTuple):
    """One MQTT message as a device publishes it; `time_ms` is the simulated UTC Unix ms."""

    topic: str
    payload: bytes
    retain: bool
    time_ms: int


def carried(sent: Iterable[Publication], begin_ms: int, end_ms: int, rng: random.Random) -> Iterator[Publication]:
    """What arrives of one sensor's night: nothing during an outage, some things twice, some cut off."""
    outage_begin_ms, outage_end_ms = _outage(begin_ms, end_ms, rng)
    for publication in sent:
        if outage_begin_ms <= publication.time_ms < outage_end_ms:
            continue
        if publication.payload.startswith(b"{") and rng.random() < BREAK_CHANCE:
            cut = rng.randrange(1, len(publication.payload))
            yield publication._replace(payload=publication.payload[:cut])
            continue
        yield publication
        if rng.random() < REPEAT_CHANCE:
            yield publication._replace(time_ms=publication.time_ms + rng.randrange(50, 2000))


def _outage(begin_ms: int, end_ms: int, rng: random.Random) -> tuple[int, int]:
    """When nothing arrives; an empty span on most nights."""
    if rng.random() >= OUTAGE_CHANCE:
        return end_ms, end_ms
    start_ms = rng.randrange(begin_ms, end_ms)
    return start_ms, start_ms + round(rng.uniform(*OUTAGE_H) * HOUR_MS)
