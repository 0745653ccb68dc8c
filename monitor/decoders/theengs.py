"""Theengs Gateway: Bluetooth sensors, one JSON object an advertisement."""

from functools import lru_cache

from monitor.core import advertisement, bluetooth
from monitor.core.decoding import CONTROL, EMPTY, Decoded, Dialect
from monitor.core.known import Known
from monitor.core.readings import Message

_GATEWAY = "TheengsGateway"


def _claims(topic: str) -> bool:
    return _GATEWAY in topic.split("/")


@lru_cache(maxsize=10_000)
def _is_control(topic: str) -> bool:
    """Its last will, and the presence topic that repeats every advertisement."""
    return _claims(topic) and advertisement.LEVEL not in topic.split("/")


def _decode(message: Message, _known: Known) -> Decoded:
    if _is_control(message.topic):
        return CONTROL
    if not message.payload:
        return EMPTY
    return advertisement.decode(message, bluetooth.address(message.topic.rpartition("/")[2]))


@lru_cache(maxsize=10_000)
def _availability(state_topic: str) -> str | None:
    base, found, _ = state_topic.partition(f"/{advertisement.LEVEL}/")
    return f"{base}/LWT" if found else None


DIALECT = Dialect(
    name="theengs",
    subscriptions=(advertisement.FILTER,),
    words=frozenset({_GATEWAY}),
    claims=_claims,
    decode=_decode,
    signatures=advertisement.SIGNATURES,
    availability=_availability,
    overheard=True,
)
