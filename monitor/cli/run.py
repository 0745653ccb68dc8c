"""`run`: the daemon."""

from monitor.cli.options import Config


def run(config: Config = None) -> None:
    """Run the daemon in the foreground, until Ctrl-C or SIGTERM."""
    from monitor import bootstrap, settings

    bootstrap.run(settings.load(config))
