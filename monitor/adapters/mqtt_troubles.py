"""Why there is no MQTT connection, and what to do about it, in words."""

import socket
import ssl

from monitor.settings.sections import Mqtt

ADVICE = {
    "Bad user name or password": "check mqtt.username and mqtt.password_file",
    "Not authorized": "check mqtt.username, mqtt.password_file and the broker's access rules for this user",
    "Client identifier not valid": "set another mqtt.client_id",
    "Unsupported protocol version": 'set mqtt.version to the other of "3.1.1" and "5"',
    "Server unavailable": "the broker is overloaded or starting",
    "Session taken over": "if this goes on, another program uses the same mqtt.client_id: give each its own",
}
"""What to do about a refusal or a disconnection, by the name of its reason."""

_EXPLAINED: tuple[tuple[type[Exception], str], ...] = (
    (
        ConnectionRefusedError,
        "nothing listens there; is the broker running, are mqtt.host and mqtt.port = {port} right?",
    ),
    (socket.gaierror, "no computer of that name; check mqtt.host"),
    (ssl.SSLCertVerificationError, "its certificate is not accepted ({detail}); set mqtt.ca_file to its authority"),
    (ssl.SSLError, "TLS failed ({detail}); does it speak TLS on port {port}? 8883 is usual, 1883 is without"),
    (ConnectionError, "it hangs up at once; does it speak {spoken} on port {port}?"),
    (TimeoutError, "it does not answer; is it on, and does a firewall stand between?"),
    (Exception, "{kind}: {detail}"),
)


def explained(exc: Exception, settings: Mqtt) -> str:
    """Why no connection came about, and what to do: the first row whose error it is."""
    said = next(said for kind, said in _EXPLAINED if isinstance(exc, kind))
    detail = getattr(exc, "verify_message", None) or getattr(exc, "reason", None) or exc
    return said.format(port=settings.port, spoken=_spoken(settings), kind=type(exc).__name__, detail=detail)


def refused(reason: str) -> str:
    """What to do about a refusal, by the name of its reason."""
    return f"the broker refuses: {reason}; {ADVICE.get(reason, 'see the log of the broker')}"


def unanswered(settings: Mqtt) -> str:
    """What to do about a broker that takes the connection and ends it before it has said whether we may enter."""
    certificate = ", and does it ask for a certificate (mqtt.cert_file)" if settings.tls else ""
    return f"it hangs up without an answer; does it speak {_spoken(settings)} on port {settings.port}{certificate}?"


def _spoken(settings: Mqtt) -> str:
    kind = "MQTT over websockets" if settings.transport == "websockets" else "plain MQTT"
    return f"{kind} with TLS" if settings.tls else kind
