"""BTHome v2 in bytes: what is read, what is passed over, where reading ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.bthome import _OBJECTS, _PASSED_OVER, measured
from monitor.core.quantities import BY_NAME

PLAIN = "40"


@pytest.mark.parametrize(
    ("digits", "quantity", "value"),
    [
        ("0161", "battery", 97.0),
        ("02ca09", "temperature", 25.06),
        ("02c7f8", "temperature", -18.49),
        ("451101", "temperature", 27.3),
        ("57ea", "temperature", -22.0),
        ("58ea", "temperature", -7.7),
        ("03bf13", "humidity", 50.55),
        ("2e23", "humidity", 35.0),
        ("04138a01", "pressure", 1008.83),
        ("05138a14", "illuminance", 13460.67),
        ("0d120c", "pm25", 3090.0),
        ("0e021c", "pm10", 7170.0),
        ("12e204", "co2", 1250.0),
        ("133301", "voc_mass", 307.0),
        ("2101", "motion", 1.0),
        ("2200", "movement", 0.0),
        ("2301", "occupancy", 1.0),
        ("2501", "occupancy", 1.0),
        ("2c01", "movement", 1.0),
    ],
)
def test_an_object_has_the_value_that_the_format_gives_as_its_example(digits: str, quantity: str, value: float) -> None:
    assert measured(bytes.fromhex(PLAIN + digits)) == ((quantity, value),)


@pytest.mark.parametrize("kind", sorted(_PASSED_OVER))
def test_an_object_that_is_no_reading_is_passed_over(kind: int) -> None:
    skipped = bytes([kind]) + bytes(_PASSED_OVER[kind])
    assert measured(bytes.fromhex(PLAIN) + skipped + bytes.fromhex("0161")) == (("battery", 97.0),)


@pytest.mark.parametrize("kind", ["53", "54"])
def test_text_and_raw_bytes_say_their_own_length(kind: str) -> None:
    assert measured(bytes.fromhex(f"40{kind}0348656c0161")) == (("battery", 97.0),)


@pytest.mark.parametrize("rest", ["fe02ca09", "02ca", "02", "5303", "53"])
def test_an_unknown_or_cut_object_ends_the_reading(rest: str) -> None:
    assert measured(bytes.fromhex(f"400161{rest}")) == (("battery", 97.0),)


@pytest.mark.parametrize("digits", ["", "410161", "200161", "600161", "40", "42112233"])
def test_nothing_is_read_where_nothing_can_be(digits: str) -> None:
    assert measured(bytes.fromhex(digits)) == ()


def test_an_address_in_the_payload_is_passed_over() -> None:
    assert measured(bytes.fromhex("421122334455660161")) == (("battery", 97.0),)


def test_two_objects_of_a_quantity_are_both_told() -> None:
    assert measured(bytes.fromhex("4002ca0945f600")) == (("temperature", 25.06), ("temperature", 24.6))


def test_no_object_is_both_read_and_passed_over() -> None:
    assert set(_OBJECTS).isdisjoint(_PASSED_OVER)


@given(st.binary(max_size=64))
def test_any_bytes_give_known_quantities_or_nothing(content: bytes) -> None:
    assert all(quantity in BY_NAME for quantity, _ in measured(b"\x40" + content))
