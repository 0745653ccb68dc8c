"""The command line; together with `__main__` the only part that prints."""

import sys

from monitor.cli.app import app
from monitor.cli.console import printable
from monitor.cli.exits import FAULT, UNREACHABLE, USAGE
from monitor.errors import BrokerError, ConfigurationError, HistoryError, InputError, MonitorError


def main() -> None:
    """Run the command line; an error raised on purpose becomes one clear message and an exit code."""
    try:
        app()
    except ConfigurationError as exc:
        sys.exit(_said("the settings cannot be used:\n" + "\n".join(f"  {fault}" for fault in exc.faults), FAULT))
    except InputError as exc:
        sys.exit(_said(str(exc), USAGE))
    except (BrokerError, HistoryError) as exc:
        sys.exit(_said(str(exc), UNREACHABLE))
    except MonitorError as exc:
        sys.exit(_said(str(exc), FAULT))


def _said(message: str, code: int) -> int:
    print("\n".join(map(printable, f"bedroom-monitor: {message}".split("\n"))), file=sys.stderr)
    return code
