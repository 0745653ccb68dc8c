"""Why a server cannot be reached, in plain words."""

LONGEST_SAID = 300
"""Characters of what a library says that are told."""

MEANINGS = (
    ("codec can't encode", "the token holds a character that no token has; see mirror.token_file"),
    ("Invalid header value", "the token holds a character that no token has; see mirror.token_file"),
    ("CERTIFICATE_VERIFY_FAILED", "its certificate cannot be verified; set mirror.ca_file to that of its authority"),
    ("onnection refused", "nothing listens there"),
    ("Name or service", "its name is not known"),
    ("No address associated", "its name is not known"),
    ("Temporary failure in name", "its name cannot be looked up just now"),
    ("No route", "there is no way to it"),
    ("unreachable", "there is no way to it"),
    ("timed out", "it does not answer in time"),
    ("Connection aborted", "it broke off the connection"),
    ("Connection reset", "it broke off the connection"),
    ("closed connection without", "it broke off the connection"),
    ("IncompleteRead", "it broke off its answer"),
)
"""A part of what libraries say, and what it means."""


def unreachable(exc: Exception) -> str:
    """Why there is no answer, without the library's wrapping."""
    text = str(getattr(exc, "reason", None) or exc)
    for part, meaning in MEANINGS:
        if part in text:
            return meaning
    return f"{type(exc).__name__}: {text}"[:LONGEST_SAID]
