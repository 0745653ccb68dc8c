"""Ruuvi's broadcast formats, with the valid, largest, smallest and invalid vectors of their specification."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.quantities import BY_NAME
from monitor.core.ruuvi import measured

AIR = ("temperature", "humidity", "pressure")


def read(digits: str) -> dict[str, float]:
    return dict(measured(bytes.fromhex(digits)))


@pytest.mark.parametrize(
    ("digits", "air"),
    [
        ("03291a1ece1efc18f94202ca0b53", (26.3, 20.5, 1027.66)),
        ("03ff7f63ffff7fff7fff7fffffff", (127.99, 127.5, 1155.35)),
        ("0300ff6300008001800180010000", (-127.99, 0.0, 500.0)),
        ("0512fc5394c37c0004fffc040cac364200cdcbb8334c884f", (24.3, 53.49, 1000.44)),
        ("057ffffffefffe7fff7fff7fffffdefefffecbb8334c884f", (163.835, 163.835, 1155.34)),
        ("058001000000008001800180010000000000cbb8334c884f", (-163.835, 0.0, 500.0)),
        ("c512fc5394c37cac364200cdcbb8334c884f", (24.3, 53.49, 1000.44)),
    ],
)
def test_a_tag_gives_temperature_humidity_and_pressure(digits: str, air: tuple[float, ...]) -> None:
    assert tuple(read(digits).values()) == pytest.approx(air)
    assert tuple(read(digits)) == AIR


@pytest.mark.parametrize(
    "digits",
    [
        "058000ffffffff800080008000ffffffffffffffffffffff",
        "068000ffffffffffffffffffffffffffffffffff",
        "c58000ffffffffffffffffffffffffffffff",
        "e18000" + "ff" * 37,
    ],
)
def test_a_field_with_the_code_for_no_value_gives_none(digits: str) -> None:
    assert read(digits) == {}


def test_one_invalid_field_leaves_the_others() -> None:
    assert read("058000 5394 ffff 0004fffc040cac364200cdcbb8334c884f") == {"humidity": 53.49}


def test_format_6_has_air_particles_gas_light_and_sound() -> None:
    assert read("06146457f8c79d001d03263a01146b05d04eb272") == {
        "temperature": 26.1,
        "humidity": 56.3,
        "pressure": 1011.01,
        "pm25": 2.9,
        "co2": 806.0,
        "illuminance": 1.0,
        "noise": 61.0,
    }


def test_format_e1_has_finer_light_and_coarse_particles() -> None:
    found = read("e1170c5668c79e0065007004bd11ca00c9050113e0ac3d4a9cdecdee00ffffffffffcbb8334c884f")
    assert found == pytest.approx(
        {
            "temperature": 29.5,
            "humidity": 55.3,
            "pressure": 1011.02,
            "pm25": 11.2,
            "pm10": 455.4,
            "co2": 201.0,
            "illuminance": 13027.0,
            "noise": 47.6,
        }
    )


@pytest.mark.parametrize(("code", "lux"), [("00", 0.0), ("7f", 255.0), ("fe", 65_535.0)])
def test_the_light_code_of_format_6_is_logarithmic(code: str, lux: float) -> None:
    assert read(f"06146457f8c79d001d03263a01{code}ff05d04eb272")["illuminance"] == lux


@pytest.mark.parametrize("flags", ["00", "10"])
def test_a_sound_byte_of_ones_is_no_value_whatever_its_ninth_bit(flags: str) -> None:
    assert "noise" not in read(f"06146457f8c79d001d03263a0114ff05{flags}4eb272")


@pytest.mark.parametrize(
    "digits", ["", "05", "03291a1e", "0812fc", "04" + "00" * 40, "06" + "00" * 18, "e1" + "00" * 38]
)
def test_a_short_or_foreign_format_gives_nothing(digits: str) -> None:
    assert read(digits) == {}


@given(kind=st.sampled_from((0x03, 0x05, 0x06, 0xC5, 0xE1)), rest=st.binary(max_size=48))
def test_any_bytes_give_known_quantities_or_nothing(kind: int, rest: bytes) -> None:
    assert all(quantity in BY_NAME for quantity, _ in measured(bytes([kind]) + rest))
