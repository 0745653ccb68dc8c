"""`init`: finds the sensors on the broker, lets the person choose, writes the settings and tries them."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.console import print_json, printable
from monitor.cli.exits import FAULT
from monitor.cli.options import Config, Json
from monitor.core.places import PLACES
from monitor.errors import BrokerError, ConfigurationError, InputError

if TYPE_CHECKING:
    from monitor.services.finding import Candidate, Found
    from monitor.settings import Settings

DEFAULT_OUTPUT = Path("~/.config/bedroom-monitor/monitor.toml")

Asked = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: take what is suggested.")]


def init(
    host: Annotated[str | None, typer.Option(help="Host name or address of the broker.", show_default=False)] = None,
    port: Annotated[int | None, typer.Option(help="TCP port of the broker.", show_default=False)] = None,
    username: Annotated[str | None, typer.Option(help="User name at the broker.", show_default=False)] = None,
    password_file: Annotated[
        Path | None, typer.Option(help="File that holds the password.", metavar="FILE", show_default=False)
    ] = None,
    tls: Annotated[
        bool | None, typer.Option("--tls/--no-tls", help="Encrypt the connection.", show_default=False)
    ] = None,
    ca_file: Annotated[
        Path | None, typer.Option(help="Certificate of the broker's authority.", metavar="FILE", show_default=False)
    ] = None,
    zone: Annotated[str | None, typer.Option(help="IANA zone of the bedroom.", show_default=False)] = None,
    bed: Annotated[str | None, typer.Option(help="Usual time to bed, such as 23:00.", show_default=False)] = None,
    rise: Annotated[str | None, typer.Option(help="Usual time of rising, such as 07:00.", show_default=False)] = None,
    store: Annotated[Path | None, typer.Option(help="The database file.", metavar="FILE", show_default=False)] = None,
    place: Annotated[
        list[str] | None,
        typer.Option(help="Where a sensor is, as KEY=bedroom; may be given several times.", show_default=False),
    ] = None,
    listen: Annotated[float, typer.Option(min=0, max=3600, help="Seconds to listen to the broker.")] = 60.0,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Settings file to write; without it that of --config, else ~/.config/bedroom-monitor/monitor.toml.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    yes: Asked = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Find the sensors on the broker, choose those of the bedroom, write the settings and try them.

    Sensors that speak seldom are found where they are announced. With --json nothing is asked, as with --yes. Exit code
    3 where the broker does not let us in: see --username and --password-file.
    """
    from monitor import bootstrap
    from monitor.bootstrap.finding import places_so_far

    asking = not yes and not as_json
    wanted = _places(place or [])
    changes: dict[str, dict[str, Any]] = {
        "home": {"zone": zone},
        "mqtt": {
            "host": host, "port": port, "username": username, "password_file": password_file, "tls": tls,
            "ca_file": ca_file,
        },
        "night": {"bed": bed, "rise": rise},
        "store": {"path": store},
    }  # fmt: skip
    document = _merged(config, changes)
    if asking:
        _ask_about_home(document)
    try:
        settings, found = _found(document, listen, quiet=as_json)
    except BrokerError as exc:
        hint = "; give init --username NAME and --password-file FILE" if "refuses" in str(exc) else ""
        raise BrokerError(f"{exc}{hint}") from exc
    candidates = found.candidates()
    so_far = places_so_far(settings)
    chosen = {one.key: so_far.get(one.key, one.suggestion) for one in candidates} | _matched(candidates, wanted)
    if not as_json:
        _show(candidates, chosen, found.messages)
    if asking:
        chosen = _ask_for_places(candidates, chosen)
    document = _with_bases(document, settings)
    path = _write(document, (output or config or DEFAULT_OUTPUT).expanduser(), asking=asking)
    loaded = _loaded(path)
    bootstrap.take_in(loaded, candidates, chosen)
    results = bootstrap.examine(loaded, path)
    if as_json:
        print_json(
            {
                "sensors": [_document(one, chosen.get(one.key)) for one in candidates],
                "messages": found.messages,
                "unusable": found.unusable,
                "file": str(path),
                "checks": [result._asdict() for result in results],
            }
        )
    else:
        _tell_outcome(path, candidates, chosen, results)
    if not all(result.ok for result in results):
        raise typer.Exit(FAULT)


def _places(given: Sequence[str]) -> dict[str, str]:
    places = {}
    for one in given:
        key, sign, where = one.rpartition("=")
        if not sign or not key or where not in PLACES:
            raise InputError(f"--place: expected KEY=PLACE with one of {', '.join(PLACES)}, got {one!r}")
        places[key] = where
    return places


def _matched(candidates: "Sequence[Candidate]", wanted: dict[str, str]) -> dict[str, str | None]:
    """The keys that the person means; raises InputError for a sensor that was not found."""
    from monitor.services.finding import sensor_called

    try:
        return {sensor_called(candidates, key).key: where for key, where in wanted.items()}
    except InputError as exc:
        raise InputError(f"--place: {exc}. One that speaks seldom: --listen 600") from exc


def _merged(config: Path | None, changes: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The settings file that there is, with what was said on the command line in its place."""
    from monitor import settings

    document = settings.document(config)
    for section, keys in changes.items():
        said = {
            key: str(value.expanduser().absolute()) if isinstance(value, Path) else value
            for key, value in keys.items()
            if value is not None
        }
        if said:
            document[section] = {**document.get(section, {}), **said}
    return document


def _ask_about_home(document: dict[str, dict[str, Any]]) -> None:
    """Broker, zone and times; Enter takes what stands there. Asked again where the answers cannot be used."""
    from monitor import settings

    settings.checked(document)
    while True:
        _ask_once_about_home(document)
        try:
            settings.checked(document)
        except ConfigurationError as exc:
            print("\n".join(exc.faults))
        else:
            return


def _ask_once_about_home(document: dict[str, dict[str, Any]]) -> None:
    from monitor.settings.local_zone import local_zone_name
    from monitor.settings.sections import Mqtt, NightSettings

    asked = (
        ("mqtt", "host", "MQTT broker", Mqtt().host),
        ("mqtt", "port", "Port", Mqtt().port),
        ("home", "zone", "Time zone of the bedroom", local_zone_name()),
        ("night", "bed", "Usual time to bed", NightSettings().bed),
        ("night", "rise", "Usual time of rising", NightSettings().rise),
    )
    for section, key, question, usual in asked:
        held = document.setdefault(section, {})
        held[key] = typer.prompt(question, default=held.get(key) or usual, type=type(usual))


def _found(document: dict[str, dict[str, Any]], listen: float, *, quiet: bool) -> "tuple[Settings, Found]":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    from monitor import bootstrap, settings

    checked = settings.checked(document)
    if listen == 0:
        return bootstrap.find_sensors(checked, listen, lambda _share, _found: None)
    columns = (TextColumn("Listening to the broker"), BarColumn(), TextColumn("{task.fields[said]}"))
    console = Console(stderr=True)
    silent = quiet or not console.is_terminal
    with Progress(*columns, console=console, disable=silent, transient=True) as progress:
        task = progress.add_task("", total=1.0, said="")

        def each(share: float, found: "Found") -> None:
            progress.update(task, completed=share, said=f"{found.messages} messages, {len(found.heard)} sensors")

        return bootstrap.find_sensors(checked, listen, each)


def _show(candidates: "Sequence[Candidate]", chosen: Mapping[str, str | None], messages: int) -> None:
    from monitor.cli.candidate_table import show_candidates

    show_candidates(candidates, chosen, messages)


def _ask_for_places(candidates: "Sequence[Candidate]", chosen: Mapping[str, str | None]) -> dict[str, str | None]:
    """Three questions with the suggestions as answers, but for what was answered already.

    A number that stands twice counts at its last place; what is named nowhere has none, but for the place `other`.
    """
    answered: dict[str, str | None] = {}
    others = {key: where for key, where in chosen.items() if where == "other"}
    for where, question in (
        ("bedroom", "Which of these are in the bedroom? (numbers, or none)"),
        ("bed", "Which stand at the bed itself, so that they count first?"),
        ("outdoor", "Which are outdoors?"),
    ):
        usual = [
            str(number)
            for number, one in enumerate(candidates, 1)
            if chosen.get(one.key) == where and one.key not in answered
        ]
        for number in _numbers(question, " ".join(usual) or "none", len(candidates)):
            answered[candidates[number - 1].key] = where
    return others | answered


def _numbers(question: str, usual: str, most: int) -> list[int]:
    while most:
        said = typer.prompt(question, default=usual).replace(",", " ").split()
        if said in (["none"], ["-"]):
            return []
        if all(word.isdecimal() and 1 <= int(word) <= most for word in said):
            return [int(word) for word in said]
        print(f"expected numbers from 1 to {most}, or none")
    return []


def _with_bases(document: dict[str, dict[str, Any]], settings: "Settings") -> dict[str, dict[str, Any]]:
    bases = list(settings.decoders.zigbee2mqtt_bases)
    if bases == ["zigbee2mqtt"]:
        return document
    return document | {"decoders": {**document.get("decoders", {}), "zigbee2mqtt_bases": bases}}


def _write(document: dict[str, dict[str, Any]], path: Path, *, asking: bool) -> Path:
    from monitor.settings.writing import write

    if path.exists() and asking and not typer.confirm(f"{path} exists; write it anew (a copy is kept)?", default=True):
        raise typer.Abort
    return write(document, path)


def _loaded(path: Path) -> "Settings":
    from monitor import settings

    return settings.load(path)


def _document(one: "Candidate", where: str | None) -> dict[str, object]:
    return {
        "key": one.key,
        "name": one.name,
        "area": one.area,
        "place": where,
        "suggestion": one.suggestion,
        "overheard": one.overheard,
        "values": {quantity: last.value for quantity, last in one.values.items()},
        "age_unknown": sorted(quantity for quantity, last in one.values.items() if not last.live),
        "announced": sorted(one.announced),
        "topics": list(one.topics),
    }


def _tell_outcome(
    path: Path, candidates: "Sequence[Candidate]", chosen: Mapping[str, str | None], results: Sequence[Any]
) -> None:
    from monitor.core.wording import counted

    placed = sum(map(bool, chosen.values()))
    print(f"\n{path} is written; {counted(placed, 'sensor')} placed.")
    for where in PLACES:
        names = [printable(one.name) for one in candidates if chosen.get(one.key) == where]
        if names:
            print(f"  {where:<8} {', '.join(names)}")
    if copies := sorted(path.parent.glob(f"{path.name}.before-init*")):
        print(f"  what stood there before: {copies[-1]}")
    for result in results:
        print(f"{'ok   ' if result.ok else 'FAULT'}  {result.subject:<9} {printable(result.says)}")
    named = "" if _is_found(path) else f" --config {shlex.quote(str(path))}"
    print(f"\nStart it: bedroom-monitor run{named}\nSensors:  bedroom-monitor sensors list{named}")


def _is_found(path: Path) -> bool:
    """Whether the settings are read from there without being told so."""
    from monitor import settings

    found = settings.config_file(None)
    return found is not None and found.resolve() == path.resolve()
