"""`analyse` and `advise`: what the nights say, and what to change."""

from monitor.cli.console import print_json
from monitor.cli.options import Config, Json


def analyse(config: Config = None, as_json: Json = False) -> None:
    """Say which conditions of the room go with the bad nights."""
    from monitor import bootstrap, settings
    from monitor.adapters.clock import SystemClock
    from monitor.cli.show import analysis_document, show_analysis

    loaded = settings.load(config)
    clock = SystemClock()
    with bootstrap.open_stores(loaded, new=False) as stores:
        bootstrap.closing(loaded, stores).close_due(clock.now_ms())
        run = bootstrap.analysing(loaded, stores, clock).analyse()
    if as_json:
        print_json(analysis_document(run.result))
    else:
        show_analysis(run.result)


def advise(config: Config = None, as_json: Json = False) -> None:
    """Say what to change, as far as the newest analysis allows."""
    from monitor import bootstrap, settings
    from monitor.cli.show import advice_document, show_advice

    with bootstrap.open_stores(settings.load(config), new=False) as stores:
        run = stores.analyses.latest()
        advice = bootstrap.advising(stores).advise(run.result) if run else ()
    if as_json:
        print_json(advice_document(advice))
    else:
        show_advice(advice, run.result if run else None)
