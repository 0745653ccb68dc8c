"""Where a sensor stands, as far as its name tells."""

import unicodedata

PLACES = ("bedroom", "bed", "outdoor", "other")

_ELSEWHERE = frozenset(
    [
        "fridge",
        "freezer",
        "pool",
        "bbq",
        "aquarium",
        "greenhouse",
        "kitchen",
        "bathroom",
        "cellar",
        "garage",
        "office",
        "livingroom",
        "living",
        "attic",
        "kuche",
        "kueche",
        "kuehlschrank",
        "keller",
        "bad",
        "wohnzimmer",
        "kinderzimmer",
        "cuisine",
        "salon",
        "cave",
        "bureau",
        "keuken",
        "woonkamer",
        "cocina",
        "guest",
        "guests",
        "kids",
        "children",
        "nursery",
        "gast",
        "enfants",
        "amis",
    ]
)
_OUTDOOR = frozenset(
    [
        "outdoor",
        "outdoors",
        "outside",
        "outdor",
        "garden",
        "balcony",
        "terrace",
        "patio",
        "weather",
        "aussen",
        "draussen",
        "garten",
        "balkon",
        "terrasse",
        "wetter",
        "exterieur",
        "dehors",
        "jardin",
        "balcon",
        "buiten",
        "tuin",
        "exterior",
    ]
)
_BED = frozenset(["bed", "mattress", "bett", "matratze", "lit", "matelas", "matras", "cama"])
_BEDROOM = frozenset(
    [
        "bedroom",
        "schlafzimmer",
        "chambre",
        "slaapkamer",
        "dormitorio",
        "habitacion",
        "camera",
        "sypialnia",
        "sovrum",
        "sovevaerelse",
    ]
)
_FOLDED = str.maketrans({"æ": "ae", "ø": "o", "œ": "oe"})


def words_of(name: str) -> frozenset[str]:
    """The words of a name or topic in lower case without accents; `masterBedroom` is two words."""
    spaced = "".join(
        f" {char}" if char.isupper() and before.islower() else char
        for before, char in zip(" " + name, name, strict=False)
    )
    parts = unicodedata.normalize("NFKD", spaced.casefold().translate(_FOLDED))
    plain = (char for char in parts if not unicodedata.combining(char))
    return frozenset("".join(char if char.isalpha() else " " for char in plain).split())


def is_elsewhere(name: str) -> bool:
    """Whether the name speaks of another room, a fridge or the like."""
    return bool(words_of(name) & _ELSEWHERE)


def place_by_name(name: str) -> str | None:
    """`bedroom`, `bed` or `outdoor` where the name says so and nothing speaks against it, else None.

    Other rooms and fridges are never guessed to be the bedroom; the person can place any sensor.
    """
    words = words_of(name)
    if words & _ELSEWHERE:
        return None
    if words & _OUTDOOR:
        return "outdoor"
    if words & _BEDROOM or words >= {"bed", "room"}:
        return "bedroom"
    return "bed" if words & _BED else None
