"""Files and servers that hold a past, to imports of it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from monitor.adapters.clock import SystemClock
from monitor.adapters.history_csv import HistoryCsv
from monitor.adapters.influx_past import InfluxPast, wanted
from monitor.adapters.influxql import Access, InfluxQl
from monitor.adapters.sqlite.recorder import Recorder
from monitor.adapters.sqlite.recorder_file import RecorderFile, is_database
from monitor.bootstrap.steps import closing
from monitor.bootstrap.stores import Stores, is_there, open_stores
from monitor.core.past_entities import Mapped
from monitor.core.zones import zone_of
from monitor.errors import InputError
from monitor.ports import Item, LeftOut, Origin
from monitor.services.past import PastImport, PastImported, PastStores, Progress, Rules
from monitor.settings import Settings

_ADDRESS = re.compile(r"https?://[^\s/?#@]+(/[^\s?#@]*)?")


class Address(NamedTuple):
    """An InfluxDB as the command line names it; secrets are in files."""

    url: str | None = None
    database: str | None = None
    username: str | None = None
    password_file: Path | None = None
    token_file: Path | None = None
    ca_file: Path | None = None


@contextmanager
def home_assistant(path: Path, entities: Mapping[str, Mapped], zone: str, *, fahrenheit: bool) -> Iterator[Origin]:
    """The past in a recorder database or a history CSV. Raises InputError where the file is neither."""
    if is_database(path):
        with RecorderFile(path) as file:
            yield Recorder(file, entities)
    else:
        yield HistoryCsv(path, entities, zone_of(zone), fahrenheit=fahrenheit)


def influxdb(
    access: Access,
    entities: Mapping[str, Mapped],
    maps: Sequence[str],
    measurements: Sequence[str],
    field: str,
    *,
    count: bool,
) -> Origin:
    """The past in a database of InfluxDB; `count` counts what there is."""
    return InfluxPast(
        InfluxQl(access),
        entities=entities,
        wanted=[wanted(text) for text in maps],
        only=measurements,
        field=field,
        count=count,
    )


def import_past(
    origin: Origin, items: Sequence[Item], stores: Stores, rules: Rules, progress: Progress
) -> PastImported:
    """Import these items of a source. Raises HistoryError; what is stored by then stays, and is gone on from."""
    return PastImport(origin, PastStores(stores.readings, stores.past), rules, progress).run(items)


def close_after_import(settings: Settings, stores: Stores, places: Mapping[str, str]) -> int:
    """Put sensors where the person says, and close the nights that an import touched; how many those are."""
    for sensor, place in places.items():
        stores.sensors.place(sensor, place, "person")
    return len(closing(settings, stores).close_due(SystemClock().now_ms()))


def influx_access(settings: Settings, given: Address) -> Access:
    """Where an InfluxDB is: as given, else where the mirror is. Raises InputError."""
    mirror = settings.mirror
    url = (given.url or mirror.url).rstrip("/")
    own = bool(mirror.url) and url == mirror.url
    if not _ADDRESS.fullmatch(url):
        raise InputError(
            f"--url: expected an address such as http://localhost:8086 without name and password, got {url!r}"
        )
    token = "" if given.token_file is None else _secret(given.token_file, "--token-file")
    if own and not token and given.username is None:
        token = mirror.token.get_secret_value()
    return Access(
        url=url,
        database=given.database or (mirror.bucket if own else "home_assistant"),
        token=token,
        username=given.username or "",
        password="" if given.password_file is None else _secret(given.password_file, "--password-file"),
        ca_file=given.ca_file or (mirror.ca_file if own else None),
    )


def importable(settings: Settings, origin: Origin) -> tuple[list[Item], list[LeftOut]]:
    """What of a source can be imported, and what is left out: also what would be corrected twice."""
    items, left_out = origin.items()
    if not any(item.calibrated for item in items) or not is_there(settings):
        return items, left_out
    with open_stores(settings) as stores:
        here = {
            (item.sensor, item.quantity)
            for item in items
            if item.calibrated
            for one in stores.sensors.calibrations(item.sensor)
            if one.quantity == item.quantity
        }
    twice = [item for item in items if item.calibrated and (item.sensor, item.quantity) in here]
    return [item for item in items if item not in twice], left_out + [
        LeftOut(item.name, "it is calibrated here, and what a mirror holds was calibrated before") for item in twice
    ]


def _secret(file: Path, option: str) -> str:
    try:
        secret = file.expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(f"{option}: expected a file that holds the secret, got {file}") from exc
    if not secret:
        raise InputError(f"{option}: expected a file that holds the secret, {file} is empty")
    return secret
