"""Exit codes of the command line."""

FAULT = 1
"""A fault was found."""
USAGE = 2
"""The command was not understood, or its input cannot be used."""
UNREACHABLE = 3
"""A service could not be reached."""
