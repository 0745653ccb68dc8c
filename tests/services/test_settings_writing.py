"""Settings that are written can be read back, by this user alone, and nothing that stood there before is lost."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import settings
from monitor.errors import ConfigurationError
from monitor.settings import writing
from monitor.settings.writing import write

HIDDEN = "very-secret"
ODD = (
    'say "hello"', "it's", r"C:\Users\new\table.db", "Jürgen Größe", "tab\tnew\nline", "\x00\x1b\x7f", "# no comment",
    "''' \"\"\"", "日本 🛏", "",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings file or variable of this machine is in sight."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "home" / ".config" / "monitor.toml"


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def a_document(**mqtt: object) -> dict[str, dict[str, object]]:
    return {"mqtt": {"host": "broker.lan", **mqtt}}


def test_what_was_written_is_loaded(file: Path) -> None:
    write(a_document(port=8883, tls=True) | {"night": {"bed": "22:30"}}, file)
    loaded = settings.load(file)
    assert (loaded.mqtt.host, loaded.mqtt.port, loaded.mqtt.tls, loaded.night.bed) == (
        "broker.lan",
        8883,
        True,
        "22:30",
    )


@pytest.mark.parametrize("odd", ODD)
def test_quotes_umlauts_and_the_like_survive(file: Path, odd: str) -> None:
    write(a_document(username=odd, password=odd), file)
    loaded = settings.load(file)
    assert (loaded.mqtt.username, loaded.mqtt.password.get_secret_value()) == (odd, odd)


def test_paths_survive(file: Path, tmp_path: Path) -> None:
    path = tmp_path / 'in "quotes"' / r"back\slash ü.db"
    write({"store": {"path": path}}, file)
    assert settings.load(file).store.path == path


def test_lists_tables_and_tables_in_lists_survive(file: Path) -> None:
    row = {"topic": "a/+", "path": "x.0", "quantity": "co2", "scale": 0.5}
    document = {
        "decoders": {"zigbee2mqtt_bases": ["z2m", "home/zigbee"], "map": [row, row | {"topic": "ü"}]},
        "night": {"weekdays": {"sat": {"bed": "00:30", "rise": "09:00"}}},
    }
    write(document, file)
    assert settings.document(file) == document


@given(
    st.dictionaries(
        st.sampled_from(["host", "username", "port", "keepalive_s", "topics", "tls"]),
        st.recursive(
            st.text(st.characters(exclude_categories=["Cs"]))
            | st.integers(-(2**63), 2**63 - 1)
            | st.booleans()
            | st.floats(allow_nan=False, allow_infinity=False),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
            max_leaves=8,
        ),
        min_size=1,
    )
)
def test_any_value_of_a_file_is_written_as_it_was_read(
    tmp_path_factory: pytest.TempPathFactory, keys: dict[str, object]
) -> None:
    path = write({"mqtt": keys}, tmp_path_factory.mktemp("any") / "monitor.toml")
    assert tomllib.loads(path.read_text(encoding="utf-8")) == {"mqtt": keys}


def test_a_section_without_keys_is_left_out(file: Path) -> None:
    assert "[home]" not in write(a_document() | {"home": {}}, file).read_text()


def test_the_file_and_its_new_folder_are_for_this_user_alone(file: Path) -> None:
    write(a_document(), file)
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)


def test_a_file_that_others_could_read_is_for_this_user_alone_afterwards_and_so_is_its_copy(file: Path) -> None:
    write(a_document(password=HIDDEN), file)
    file.chmod(0o644)
    write(a_document(), file)
    assert [mode(path) for path in sorted(file.parent.iterdir())] == [0o600, 0o600]


@pytest.mark.parametrize(("password", "wanted"), [("", 0o644), (HIDDEN, 0o600)])
def test_a_file_for_the_whole_system_can_be_read_by_the_service_unless_it_holds_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, password: str, wanted: int
) -> None:
    monkeypatch.setattr(writing, "SYSTEM_WIDE", tmp_path / "etc")
    path = write(a_document(password=password), tmp_path / "etc" / "bedroom-monitor" / "monitor.toml")
    assert (mode(path), mode(path.parent)) == (wanted, 0o755)


def test_what_stood_there_before_is_kept_each_time(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_text("# by hand\n")
    write(a_document(port=1), file)
    write(a_document(port=2), file)
    copies = {path.name: path.read_text() for path in file.parent.iterdir() if path != file}
    assert copies.keys() == {"monitor.toml.before-init", "monitor.toml.before-init-2"}
    assert (copies["monitor.toml.before-init"], "port = 1" in copies["monitor.toml.before-init-2"]) == (
        "# by hand\n",
        True,
    )


def test_the_same_settings_again_leave_no_copy(file: Path) -> None:
    for _time in range(2):
        write(a_document(), file)
    assert list(file.parent.iterdir()) == [file]


def test_a_place_that_cannot_be_written_to_is_a_fault_with_advice(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"cannot be written: .*; name another file with --output"):
        write(a_document(), tmp_path / "file" / "monitor.toml")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write(a_document(), tmp_path)


def test_a_value_that_is_no_text_is_a_fault_that_tells_nothing_else(file: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"expected text, got '\\udcff' in a value") as refused:
        write(a_document(password=HIDDEN, ca_file="caf\udcff"), file)
    assert (HIDDEN in str(refused.value), file.exists()) == (False, False)


def test_the_document_of_a_file_is_what_stands_in_it(file: Path) -> None:
    write(a_document(), file)
    assert settings.document(file) == a_document()


def test_without_a_file_the_document_is_empty() -> None:
    assert settings.document() == {}


def test_a_key_outside_of_a_section_is_a_fault_of_the_document(tmp_path: Path) -> None:
    (tmp_path / "flat.toml").write_text('host = "x"\n')
    with pytest.raises(ConfigurationError, match="host: expected a section, got 'x'"):
        settings.document(tmp_path / "flat.toml")


def test_a_document_is_checked_without_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEDROOM_MONITOR_MQTT__PORT", "1999")
    checked = settings.checked(a_document())
    assert (checked.mqtt.host, checked.mqtt.port) == ("broker.lan", 1999)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"mqtt": {"hots": "x"}}, "settings: mqtt.hots: unknown key; did you mean mqtt.host?"),
        ({"mqtt": {"port": 0}, "analysis": {"adjust_for": ["alcool"]}}, "settings: analysis.adjust_for: expected"),
        ({"night": {"bed": "25:00"}}, "settings: night.bed: expected a time of day such as 23:00, got '25:00'"),
    ],
)
def test_a_document_that_cannot_be_used_is_told_as_settings(document: dict[str, dict[str, object]], said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        settings.checked(document)
    assert any(fault.startswith(said) for fault in refused.value.faults)
