"""A name tells where a sensor is, or nothing: another room is never taken for the bedroom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.places import PLACES, place_by_name, words_of


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("bedroom", {"bedroom"}),
        ("zigbee2mqtt/Bedroom_climate-2", {"zigbee", "mqtt", "bedroom", "climate"}),
        ("masterBedroom", {"master", "bedroom"}),
        ("MASTER BEDROOM", {"master", "bedroom"}),
        ("Außen", {"aussen"}),
        ("habitación", {"habitacion"}),
        ("exte\u0301rieur", {"exterieur"}),
        ("soveværelse", {"sovevaerelse"}),
        ("", set()),
        ("0x00158d0001", {"x", "d"}),
    ],
)
def test_words_are_plain_small_letters(name: str, words: set[str]) -> None:
    assert words_of(name) == words


@pytest.mark.parametrize(
    "name",
    [
        "bedroom", "Bedroom climate", "masterBedroom", "Bed Room", "bed_room", "Schlafzimmer", "Chambre parents",
        "Slaapkamer", "Habitación", "Dormitorio", "Sypialnia", "soveværelse", "bed in the bedroom",
    ],
)  # fmt: skip
def test_a_name_that_says_bedroom_is_in_the_bedroom(name: str) -> None:
    assert place_by_name(name) == "bedroom"


@pytest.mark.parametrize("name", ["bed", "Bed sensor", "underMattress", "Bett links", "matelas"])
def test_a_name_that_says_bed_is_in_the_bed(name: str) -> None:
    assert place_by_name(name) == "bed"


@pytest.mark.parametrize("name", ["outdoor", "Garden", "Außensensor außen", "extérieur", "Balkon", "weather station"])
def test_a_name_that_says_outdoors_is_outdoors(name: str) -> None:
    assert place_by_name(name) == "outdoor"


@pytest.mark.parametrize(
    "name",
    [
        "", "climate", "0x00158d0001a2b3c4", "living room", "Bathroom", "kitchen", "fridge", "bedroom fridge",
        "Wohnzimmer", "Kinderzimmer", "guest bedroom", "Chambre d'amis", "kids bedroom", "embedded", "room",
    ],
)  # fmt: skip
def test_other_rooms_and_plain_names_are_not_placed(name: str) -> None:
    assert place_by_name(name) is None


@given(st.text())
def test_any_name_has_a_known_place_or_none(name: str) -> None:
    assert place_by_name(name) in (None, *PLACES)
