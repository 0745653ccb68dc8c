"""Why a server cannot be reached, in plain words; the libraries wrap it each in their own way."""

LONGEST_SAID = 300
"""Characters of what a library says that are told."""

_BROKEN_OFF = "it broke off the connection; is it the right port, http or https?"
_BAD_TOKEN = "the token holds a character that no token has; see mirror.token_file"  # noqa: S105 - words, no secret

MEANINGS = (
    ("codec can't encode", _BAD_TOKEN),
    ("Invalid header value", _BAD_TOKEN),
    ("WRONG_VERSION_NUMBER", "it does not speak https there; write http in the address, or the port of its https"),
    ("CERTIFICATE_VERIFY_FAILED", "its certificate cannot be verified; name that of its authority as ca_file"),
    ("NO_CERTIFICATE_OR_CRL_FOUND", "ca_file holds no certificate; name a PEM file that does"),
    ("onnection refused", "nothing listens there"),
    ("Name or service", "its name is not known"),
    ("No address associated", "its name is not known"),
    ("Temporary failure in name", "its name cannot be looked up just now"),
    ("No route", "there is no way to it"),
    ("unreachable", "there is no way to it"),
    ("timed out", "it does not answer in time"),
    ("IncompleteRead", "it broke off its answer"),
    ("Connection aborted", _BROKEN_OFF),
    ("onnection reset", _BROKEN_OFF),
    ("closed connection without", _BROKEN_OFF),
)
"""A part of what libraries say, and what it means."""


def why_unreachable(exc: Exception) -> str:
    """Why there is no answer; what the library says, in one line, where we know no better."""
    text = " ".join(str(getattr(exc, "reason", None) or exc).split())
    return next((meaning for part, meaning in MEANINGS if part in text), f"{type(exc).__name__}: {text}"[:LONGEST_SAID])
