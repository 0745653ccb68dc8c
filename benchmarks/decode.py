"""Cost of decoding a message, of finding its decoder and of learning an announcement; memory of what is learned.

Messages are the golden rows. Peers in the same run: orjson.loads and json.loads (float() for a plain number) on the
same payloads. Limits: finding and learning grow at most 2 times from few to many; 20 MB for 5,000 announcements.
"""

import argparse
import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

import orjson
import psutil
from startup import DEVICES, bridge_devices, config

from monitor import bootstrap
from monitor.core.decoding import REMEMBERED_TOPICS, Decoders, Dialect
from monitor.core.known import Known
from monitor.core.readings import Message
from monitor.errors import DecodeError
from monitor.settings.sections import Home, Settings

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "decoders" / "golden"
SETTINGS = Settings.model_construct(home=Home(zone="Europe/Berlin"))
NOW_MS = 1_790_812_800_000
MOST_GROWTH = 2.0
"""Largest cost over smallest, from few known to many."""

MOST_LEARNED_MB = 20.0
"""Memory that 5,000 announcements may take."""

ANNOUNCEMENTS = 5_000
ROUND_S = 0.02
"""Seconds that one repetition lasts at least."""

Work = Callable[[], object]


def verdict(met: bool) -> str:
    """What stands behind a figure with a limit."""
    return "met" if met else "NOT MET"


def median_us(work: Sequence[Work], repeats: int) -> float:
    """Microseconds for one of these calls, warm: the median of the repetitions over all of them."""
    for call in work:
        call()
    turns, began = 0, time.perf_counter()
    while time.perf_counter() - began < ROUND_S:
        _all_of(work)
        turns += 1
    figures = []
    for _ in range(repeats):
        began = time.perf_counter()
        for _turn in range(turns):
            _all_of(work)
        figures.append((time.perf_counter() - began) / turns / len(work) * 1e6)
    return statistics.median(figures)


def _all_of(work: Sequence[Work]) -> None:
    for call in work:
        call()


class Row(NamedTuple):
    """A golden message, and what was known before it."""

    message: Message
    known: Known


def golden(decoders: Decoders, dialect: str) -> Iterator[Row]:
    """The golden rows of a dialect with their context learned; rows that are not text are left out."""
    for path in sorted((GOLDEN / dialect).glob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            row = orjson.loads(line)
            if "payload_encoding" in row:
                continue
            known = Known()
            for told in row.get("context", []):
                with suppress(DecodeError):
                    decoders.learn(_message(told), known)
            yield Row(_message(row), known)


def _message(row: dict[str, str]) -> Message:
    return Message(row["topic"], row["payload"].encode(), bool(row.get("retain")), NOW_MS)


def gives_readings(decoders: Decoders, row: Row) -> bool:
    """Whether there is anything to store of it."""
    try:
        return bool(decoders.decode(*row).measurements)
    except DecodeError:
        return False


def _decoded(decoders: Decoders, row: Row) -> Work:
    def decode() -> None:
        try:
            decoders.decode(*row)
        except DecodeError:
            return

    return decode


def _parsed(loads: Callable[[bytes], object], payload: bytes) -> Work:
    """The peer for one payload: a JSON parser, for a plain payload float(), for a word the step to text."""
    if payload.lstrip().startswith((b"{", b"[", b'"')):
        return partial(loads, payload)
    try:
        float(payload)
    except ValueError:
        return partial(bytes.decode, payload)
    return partial(float, payload)


def decoding(repeats: int) -> None:
    """First table."""
    decoders = bootstrap.decoders(SETTINGS)
    print("Decoding golden rows with every dialect joined; times in microseconds a message")
    print(
        f"{'dialect':<17}{'rows':>5}{'messages/s':>12}{'us':>7}{'orjson':>8}{'ratio':>7}{'json':>8}{'ratio':>7}"
        f"{'slowest':>9}{'ignored':>9}{'us':>7}"
    )
    good: list[Row] = []
    for dialect in sorted(folder.name for folder in GOLDEN.iterdir() if folder.is_dir()):
        rows = list(golden(decoders, dialect))
        read = [row for row in rows if gives_readings(decoders, row)]
        _decoding_line(decoders, dialect, read, [row for row in rows if row not in read], repeats)
        good += read
    _decoding_line(decoders, "all", good, [], repeats)
    print("The peer of a plain payload is float(), of a word bytes.decode(); slowest is the row that costs most.\n")


def _decoding_line(decoders: Decoders, name: str, read: list[Row], ignored: list[Row], repeats: int) -> None:
    us = median_us([_decoded(decoders, row) for row in read], repeats)
    peers = [median_us([_parsed(loads, row.message.payload) for row in read], repeats) for loads in _PARSERS]
    slowest = max(median_us([_decoded(decoders, row)] * 20, 3) for row in read) if ignored else None
    rest = median_us([_decoded(decoders, row) for row in ignored], repeats) if ignored else None
    ratios = "".join(f"{peer:>8.2f}{us / peer:>7.1f}" for peer in peers)
    last = "" if rest is None else f"{slowest:>9.1f}{len(ignored):>9}{rest:>7.2f}"
    print(f"{name:<17}{len(read):>5}{1e6 / us:>12,.0f}{us:>7.2f}{ratios}{last}")


_PARSERS: tuple[Callable[[bytes], object], ...] = (orjson.loads, json.loads)


class Sought(NamedTuple):
    """Messages whose decoder is looked for: which dialect's, the topic with its number, the payload."""

    dialect: str
    topic: str
    payload: bytes


SOUGHT = (
    Sought("zigbee2mqtt", "zigbee2mqtt/Sensor {}", b'{"temperature": 21.5}'),
    Sought("esphome", "node{}/sensor/temperature/state", b"21.5"),
    Sought("generic", "cellar/{}/climate", b'{"temperature": 21.5, "humidity": 48}'),
)
NUMBERS_OF_DIALECTS = (1, 5, 10, None)
NUMBERS_KNOWN = (10, 1_000, 9_000)
LOOKED_FOR = 1_000


def finding(repeats: int) -> None:
    """Second table."""
    print("Finding who reads a message (its announcer and its speaker), microseconds")
    print(f"{'message of':<14}{'by number of':<14}{'topic':<13}{'':<30}{'largest/smallest'}")
    for sought in SOUGHT:
        for is_seen in (True, False):
            joined = {f"{number or 'all'}": _joined(sought.dialect, number) for number in NUMBERS_OF_DIALECTS}
            figures = {label: _found_us(some, sought, 10, is_seen, repeats) for label, some in joined.items()}
            _growth_line(sought.dialect, "dialects", is_seen, figures)
            every = bootstrap.dialects(SETTINGS)
            figures = {f"{n:,}": _found_us(every, sought, n, is_seen, repeats) for n in NUMBERS_KNOWN}
            _growth_line(sought.dialect, "known", is_seen, figures)
    print(f"\nMore topics in turn than are remembered ({REMEMBERED_TOPICS:,}): all dialects, seen topics")
    for sought in SOUGHT:
        every, count = bootstrap.dialects(SETTINGS), REMEMBERED_TOPICS + 2_000
        print(f"  {sought.dialect:<14}{_cycled_us(every, sought, count, repeats):>6.2f} with {count:,} topics")
    print()


def _joined(wanted: str, number: int | None) -> tuple[Dialect, ...]:
    """The first dialects of the full order, among them the one that is wanted."""
    every = bootstrap.dialects(SETTINGS)
    if number is None:
        return every
    others = [dialect.name for dialect in every if dialect.name != wanted][: number - 1]
    return tuple(dialect for dialect in every if dialect.name in {wanted, *others})


def _found_us(dialects: tuple[Dialect, ...], sought: Sought, known_to: int, is_seen: bool, repeats: int) -> float:
    """Microseconds for one look with so many announcements known and as many topics seen."""
    known = _known(sought, known_to)
    seen = [_sought_message(sought, number) for number in range(known_to)]
    figures = []
    for turn in range(repeats + 1):
        decoders = Decoders(dialects)
        for message in seen:
            _find(decoders, message, known)
        wanted = [
            seen[number % known_to] if is_seen else _sought_message(sought, 10_000_000 + turn * LOOKED_FOR + number)
            for number in range(LOOKED_FOR)
        ]
        if not is_seen:
            wanted = wanted[: min(LOOKED_FOR, REMEMBERED_TOPICS - known_to)]
        began = time.perf_counter()
        for message in wanted:
            _find(decoders, message, known)
        figures.append((time.perf_counter() - began) / len(wanted) * 1e6)
    return statistics.median(figures[1:])


def _cycled_us(dialects: tuple[Dialect, ...], sought: Sought, count: int, repeats: int) -> float:
    decoders, known = Decoders(dialects), Known()
    messages = [_sought_message(sought, number) for number in range(count)]
    return median_us([partial(_find, decoders, message, known) for message in messages], repeats)


def _find(decoders: Decoders, message: Message, known: Known) -> None:
    decoders.announcer_of(message.topic)
    decoders.speaker_of(message, known)


def _sought_message(sought: Sought, number: int) -> Message:
    return Message(sought.topic.format(number), sought.payload, False, NOW_MS)


def _known(sought: Sought, count: int) -> Known:
    decoders, known = bootstrap.decoders(SETTINGS), Known()
    for message in announcements(count, sought.topic):
        decoders.learn(message, known)
    return known


def announcements(count: int, state_topic: str = "acme/{}/state", first: int = 0) -> Iterator[Message]:
    """Discovery configs, half of them short."""
    for number in range(first, first + count):
        topic, payload = config(number, state_topic.format(number), kind="short" if number % 2 else "long")
        yield Message(topic, payload, True, NOW_MS)


def _growth_line(name: str, axis: str, is_seen: bool, figures: dict[str, float]) -> None:
    growth = max(figures.values()) / min(figures.values())
    shown = "  ".join(f"{label}: {us:.2f}" for label, us in figures.items())
    told = f"{growth:.2f} (limit {MOST_GROWTH:g}) {verdict(growth <= MOST_GROWTH)}"
    print(f"{name:<14}{axis:<14}{'seen' if is_seen else 'first sight':<13}{shown:<44}{told}")


def learning(repeats: int) -> None:
    """Third table."""
    print("Learning, microseconds an announcement")
    cases = {
        "new": lambda known_to: _learned_us(known_to, repeats, is_new=True),
        "told again": lambda known_to: _learned_us(known_to, repeats, is_new=False),
        "one state topic": lambda known_to: _learned_us(known_to, repeats, is_new=True, state_topic="acme/all"),
    }
    for name, measured in cases.items():
        figures = {f"{number:,} known": measured(number) for number in (10, ANNOUNCEMENTS)}
        growth = max(figures.values()) / min(figures.values())
        shown = "  ".join(f"{label}: {us:.2f}" for label, us in figures.items())
        print(f"  {name:<17}{shown:<40}{growth:.2f} (limit {MOST_GROWTH:g}) {verdict(growth <= MOST_GROWTH)}")
    sample = [message.payload for message in announcements(200)]
    sizes = [len(payload) for payload in sample]
    print(f"  orjson.loads of such a config ({min(sizes)} to {max(sizes)} bytes): {_loads_us(sample, repeats):.2f}")
    payload = bridge_devices(DEVICES)
    message = Message("zigbee2mqtt/bridge/devices", payload, True, NOW_MS)
    decoders, known = bootstrap.decoders(SETTINGS), Known()
    ms = median_us([partial(decoders.learn, message, known)], repeats) / 1000
    peer_ms = _loads_us([payload], repeats) / 1000
    facts = len(known.announced[message.topic])
    print(f"  bridge/devices of {DEVICES} devices, {len(payload) / 1e6:.2f} MB, {facts} facts: {ms:.1f} ms;", end=" ")
    print(f"orjson.loads {peer_ms:.1f} ms, ratio {ms / peer_ms:.1f}\n")


def _loads_us(payloads: Iterable[bytes], repeats: int) -> float:
    return median_us([partial(orjson.loads, payload) for payload in payloads], repeats)


def _learned_us(known_to: int, repeats: int, *, is_new: bool, state_topic: str = "acme/{}/state") -> float:
    decoders = bootstrap.decoders(SETTINGS)
    known, figures = Known(), []
    for message in announcements(known_to, state_topic):
        decoders.learn(message, known)
    told = list(announcements(10, state_topic, first=known_to if is_new else 0))
    for _ in range(10 * repeats):
        began = time.perf_counter()
        for message in told:
            decoders.learn(message, known)
        figures.append((time.perf_counter() - began) / len(told) * 1e6)
        for message in told if is_new else ():
            decoders.learn(message._replace(payload=b""), known)
    return statistics.median(figures)


def memory() -> None:
    """What 5,000 announcements and a long device list leave, and take for a moment; in a process of its own."""
    command = [sys.executable, __file__, "--child"]  # the list is made here: making it would leave room there
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, input=bridge_devices(DEVICES), cwd=ROOT).stdout
    print("Memory (RSS; for a moment: its peak), MB")
    for name, mb in json.loads(told).items():
        limit = f"(limit {MOST_LEARNED_MB:g}) {verdict(mb <= MOST_LEARNED_MB)}" if "discovery" in name else ""
        print(f"  {name:<55}{mb:>6.1f} {limit}")


def _child() -> None:
    message = Message("zigbee2mqtt/bridge/devices", sys.stdin.buffer.read(), True, NOW_MS)
    decoders, known = bootstrap.decoders(SETTINGS), Known()
    for announcement in announcements(10):
        decoders.learn(announcement, known)
    process = psutil.Process()
    kept, peak = _grown(process, decoders, known, announcements(ANNOUNCEMENTS))
    kept_list, peak_list = _grown(process, decoders, known, iter([message]))
    print(
        json.dumps(
            {
                f"{ANNOUNCEMENTS:,} discovery configs": kept,
                f"{ANNOUNCEMENTS:,} discovery configs, for a moment": peak,
                f"bridge/devices of {DEVICES} devices": kept_list,
                f"bridge/devices of {DEVICES} devices, for a moment": peak_list,
            }
        )
    )


def _grown(
    process: psutil.Process, decoders: Decoders, known: Known, messages: Iterator[Message]
) -> tuple[float, float]:
    """MB more afterwards, and MB more at the highest."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    before = process.memory_info().rss
    for message in messages:
        decoders.learn(message, known)
    gc.collect()
    lines = Path("/proc/self/status").read_text().splitlines()
    highest = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    return (process.memory_info().rss - before) / 1e6, (highest - before) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--child", action="store_true")
    arguments = parser.parse_args()
    if arguments.child:
        return _child()
    decoding(arguments.repeats)
    finding(arguments.repeats)
    learning(arguments.repeats)
    memory()
    return None


if __name__ == "__main__":
    main()
