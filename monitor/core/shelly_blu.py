"""What Shelly devices pass on of the Bluetooth sensors (BLU, BTHome) in their reach: values by object id or by word."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from monitor.core import bluetooth, bthome
from monitor.core.announced import BINARY
from monitor.core.known import Fact
from monitor.core.payload import flag, number
from monitor.core.readings import Measurement

SENSOR = "bthomesensor"
"""The kind of component that stands for one object of one Bluetooth sensor."""

_DEVICE = "bthomedevice"
"""The kind of component that stands for a Bluetooth sensor itself, with the name that it was given."""

_VALVE = "blutrv"
"""The kind of component that stands for a radiator valve; its temperatures are set values and the radiator's."""

_WORDS = MappingProxyType(
    {
        "battery": "battery",
        "temperature": "temperature",
        "humidity": "humidity",
        "pressure": "pressure",
        "illuminance": "illuminance",
        "co2": "co2",
        "motion": "motion",
        "moving": "movement",
        "vibration": "movement",
        "occupancy": "occupancy",
        "presence": "occupancy",
    }
)
"""Quantity by the word that Shelly's scripts for BLU devices write."""

SCRIPT_KEYS = frozenset({"BTHome_version", "address"})
"""What every object has that those scripts tell."""


def facts(gateway: str, src: str, components: object) -> Iterator[Fact]:
    """What the answer to `Shelly.GetComponents` tells of the values of Bluetooth sensors behind the device `src`.

    `gateway` is the device's key, for an object whose sensor has no address.
    """
    rows = [row for row in components if isinstance(row, dict)] if isinstance(components, list) else []
    valves = {_address(row) for row in rows if _kind(row) == _VALVE}
    names = {_address(row): _config(row).get("name") for row in rows if _kind(row) == _DEVICE}
    for row in rows:
        if _kind(row) == SENSOR and (_address(row) is None or _address(row) not in valves):
            yield from _facts(gateway, src, row, names.get(_address(row)))


def script_values(data: Mapping[str, object], time_ms: int | None) -> tuple[Measurement, ...]:
    """The values of an object that a script made of one broadcast."""
    address = data["address"]
    device = bluetooth.address(address) if isinstance(address, str) else None
    if device is None:
        return ()
    return tuple(
        Measurement(_spot(device, spot), quantity, value, time_ms)
        for word, quantity in _WORDS.items()
        for spot, raw in enumerate(_several(data.get(word)))
        if (value := flag(raw) if quantity in BINARY else number(raw)) is not None
    )


def _several(raw: object) -> list[object]:
    """A word that stands for several objects has a list of values."""
    return raw if isinstance(raw, list) else [raw]


def _facts(gateway: str, src: str, row: Mapping[str, object], called: object) -> Iterator[Fact]:
    key, config = str(row["key"]), _config(row)
    number, spot = config.get("obj_id"), config.get("idx")
    name = next((said for said in (called, config.get("name")) if isinstance(said, str) and said), key)
    quantity = bthome.quantity_of(number) if isinstance(number, int) else None
    device = _address(row)
    sensor = _spot(device, spot if isinstance(spot, int) else 0) if device else f"{gateway}/{key}"
    for topic, path in ((f"{src}/events/rpc", ("params", key, "value")), (f"{src}/status/{key}", ("value",))):
        yield Fact(
            state_topic=topic,
            path=path,
            quantity=quantity,
            unit=None,
            sensor=sensor,
            name=name,
            device=device,
        )


def _spot(device: str, index: int) -> str:
    """The key of one of the spots at which a Bluetooth sensor measures."""
    key = bluetooth.sensor(device)
    return key if index == 0 else f"{key}/{index + 1}"


def _kind(row: Mapping[str, object]) -> str:
    return str(row.get("key")).partition(":")[0]


def _config(row: Mapping[str, object]) -> Mapping[str, object]:
    config = row.get("config")
    return config if isinstance(config, dict) else {}


def _address(row: Mapping[str, object]) -> str | None:
    address = _config(row).get("addr")
    return bluetooth.address(address) if isinstance(address, str) else None
