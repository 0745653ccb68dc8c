"""One key a Bluetooth device, and raw advertisements."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.bluetooth import address, hex_bytes, in_advertisement, in_manufacturer_data, measurements


@pytest.mark.parametrize(
    "text",
    ["A4C138000001", "a4c138000001", "A4:C1:38:00:00:01", "a4-c1-38-00-00-01", "0xa4c138000001", " A4C138000001 "],
)
def test_an_address_has_one_form_however_it_is_written(text: str) -> None:
    assert address(text) == "A4C138000001"


@pytest.mark.parametrize("text", ["", "undecoded", "A4C13800001", "A4C1380000011", "G4C138000001", "4E:B2:72"])
def test_what_is_no_address_has_no_form(text: str) -> None:
    assert address(text) is None


def test_a_second_value_of_a_quantity_is_another_spot_of_the_device() -> None:
    found = measurements("bluetooth:A", (("temperature", 21.0), ("humidity", 50.0), ("temperature", 4.0)), 7)
    assert [(one.sensor, one.value, one.time_ms) for one in found] == [
        ("bluetooth:A", 21.0, 7),
        ("bluetooth:A", 50.0, 7),
        ("bluetooth:A/2", 4.0, 7),
    ]


@pytest.mark.parametrize(
    "digits",
    [
        "02010611FF990403291A1ECE1EFC18F94202CA0B53",
        "11FF990403291A1ECE1EFC18F94202CA0B53020106",
        "05FF4C00100511FF990403291A1ECE1EFC18F94202CA0B53",
    ],
)
def test_a_tag_is_found_wherever_it_stands_in_the_advertisement(digits: str) -> None:
    assert dict(in_advertisement(digits))["temperature"] == 26.3


def test_bthome_is_found_in_an_advertisement() -> None:
    assert in_advertisement("0201060616D2FC400161") == (("battery", 97.0),)


@pytest.mark.parametrize(
    "digits", ["", "AA", "00", "0201", "02010600FF", "1BFF990405", "zz", "4", None, 7, ["41"], "ä"]
)
def test_anything_else_gives_nothing(digits: object) -> None:
    assert in_advertisement(digits) == ()


def test_manufacturer_data_of_another_maker_gives_nothing() -> None:
    assert in_manufacturer_data(hex_bytes("4c0010050b1c")) == ()


@given(st.binary(max_size=64))
def test_any_advertisement_is_read_without_an_error(content: bytes) -> None:
    assert isinstance(in_advertisement(content.hex()), tuple)
