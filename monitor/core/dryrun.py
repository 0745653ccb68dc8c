"""What would be stored of a message, without storing it: what `bedroom-monitor decode` prints."""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from monitor.core.decoding import Decoders
from monitor.core.known import Known
from monitor.core.quantities import BY_NAME
from monitor.core.readings import Measurement, Message, implausible, trusted_time_ms
from monitor.errors import DecodeError, InputError


class DryRun(NamedTuple):
    """The measurements that would be stored (time None: arrival counts), or why there are none."""

    accepted: tuple[Measurement, ...]
    ignored: str | None


def dry_run(decoders: Decoders, known: Known, message: Message) -> DryRun:
    """What would be stored of `message`. Never raises."""
    try:
        decoded = decoders.decode(message, known)
    except DecodeError as exc:
        return DryRun((), exc.reason)
    accepted: list[Measurement] = []
    refused: list[str] = []
    for found in decoded.measurements:
        reason = implausible(found.quantity, found.value)
        if reason is None:
            accepted.append(found._replace(time_ms=trusted_time_ms(found.time_ms, message.received_ms)))
        else:
            refused.append(f"{found.quantity}: {reason}")
    return DryRun(tuple(accepted), None if accepted else "; ".join(refused) or decoded.ignored)


def dry_run_line(decoders: Decoders, line: object, received_ms: int) -> dict[str, object]:
    """One parsed line of `decode --jsonl` to the object to print; a bad line says so in `ignored`.

    `context` holds the messages that were seen before; what they announce counts.
    """
    try:
        message = _message(line, received_ms)
        known = _known(decoders, line, received_ms)
    except InputError as exc:
        return {"readings": [], "ignored": str(exc)}
    result = dry_run(decoders, known, message)
    return {"readings": [_printed(found) for found in result.accepted], "ignored": result.ignored}


def _known(decoders: Decoders, line: object, received_ms: int) -> Known:
    context = line.get("context", []) if isinstance(line, Mapping) else []
    if not isinstance(context, list):
        raise InputError(f"context: expected a list of messages, got {type(context).__name__}")
    known = Known()
    for entry in context:
        try:
            decoders.learn(_message(entry, received_ms), known)
        except DecodeError:
            continue  # the daemon too goes on with what it knew
    return known


def _message(line: object, received_ms: int) -> Message:
    if not isinstance(line, Mapping):
        raise InputError("expected a JSON object with topic and payload")
    topic, payload = line.get("topic"), line.get("payload")
    if not isinstance(topic, str) or not isinstance(payload, str):
        raise InputError("expected topic and payload, both text")
    if not topic.isascii() and topic != topic.encode(errors="ignore").decode():
        raise InputError("topic: not valid Unicode")
    retain = line.get("retain", False)
    if not isinstance(retain, bool):
        raise InputError("retain: expected true or false")
    return Message(topic, _bytes(payload, line.get("payload_encoding")), retain, received_ms)


def _bytes(payload: str, encoding: object) -> bytes:
    try:
        if encoding == "base64":
            return base64.b64decode(payload, validate=True)
        if encoding is None:
            return payload.encode()
    except binascii.Error as exc:
        raise InputError("payload: not base64") from exc
    except UnicodeEncodeError as exc:
        raise InputError("payload: not valid Unicode") from exc
    raise InputError(f"payload_encoding: expected base64, got {encoding}")


def _printed(found: Measurement) -> dict[str, object]:
    quantity = BY_NAME[found.quantity]
    printed: dict[str, object] = {
        "sensor": found.sensor,
        "quantity": quantity.written,
        "value": found.value,
        "time": _iso(found.time_ms),
    }
    if quantity.written != quantity.name:
        printed["unit"] = quantity.unit
    if found.word is not None:
        printed["word"] = found.word
    return printed


def _iso(time_ms: int | None) -> str | None:
    if time_ms is None:
        return None
    moment = datetime.fromtimestamp(time_ms // 1000, UTC).replace(microsecond=time_ms % 1000 * 1000)
    return moment.isoformat(timespec="milliseconds" if time_ms % 1000 else "seconds").replace("+00:00", "Z")
