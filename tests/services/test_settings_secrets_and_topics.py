"""Settings at the edges: secrets that never show, topics that MQTT allows, variables and keys nobody would see."""

import os
from pathlib import Path

import pytest

from monitor import settings
from monitor.errors import ConfigurationError
from monitor.settings.sections import PREFIX

SECRET = "hush-hush"  # noqa: S105 - no real one


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of this machine are found."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in list(os.environ):
        if name.upper().startswith(PREFIX):
            monkeypatch.delenv(name)


def faults(text: str = "", **environment: str) -> list[str]:
    """The faults of a file with this text, and of these variables (without the prefix)."""
    Path("monitor.toml").write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(PREFIX + name, value)
        with pytest.raises(ConfigurationError) as caught:
            settings.load(Path("monitor.toml"))
    return caught.value.faults


def a_file(content: bytes, name: str = "secret") -> Path:
    file = Path(name)
    file.write_bytes(content)
    return file


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe\x00"])
def test_a_password_file_without_a_password_is_a_fault(content: bytes) -> None:
    a_file(content)
    assert faults('mqtt.password_file = "secret"') == [
        "monitor.toml: mqtt.password_file: expected a text file that holds the secret, got 'secret'"
    ]


def test_a_password_keeps_its_blanks_but_not_the_end_of_its_line() -> None:
    a_file(b" a secret \r\n")
    loaded = settings.load(a_file(b'mqtt.password_file = "secret"', "monitor.toml"))
    assert loaded.mqtt.password.get_secret_value() == " a secret "


def test_the_file_of_a_password_wins_over_a_password_that_stands_there() -> None:
    a_file(b"from a file")
    loaded = settings.load(a_file(b'mqtt.password_file = "secret"\nmqtt.password = "plain"', "monitor.toml"))
    assert loaded.mqtt.password.get_secret_value() == "from a file"


@pytest.mark.parametrize(
    ("text", "environment"),
    [
        (f'mqtt.password = ["{SECRET}"]', {}),
        (f'mqtt = "{SECRET}"', {}),
        (f'mqtt = ["{SECRET}"]', {}),
        (f'mqtt = {{password = "{SECRET}", cert_file = "monitor.toml"}}', {}),
        (f'mqtt = {{password = {{a = "{SECRET}"}}}}', {}),
        (f'mqtt.password = "{SECRET}"\n[mqtt', {}),
        (f'mqtt.pasword = "{SECRET}"', {}),
        ("", {"MQTT": f'{{"password": "{SECRET}"'}),
        ("", {"MQTT": f'["{SECRET}"]'}),
        ("", {"MQTT__PASWORD": SECRET}),
        ("mqtt.port = 0", {"MQTT__PASSWORD": SECRET}),
    ],
)
def test_no_fault_shows_a_secret(text: str, environment: dict[str, str]) -> None:
    assert SECRET not in str(faults(text, **environment))


def test_the_error_itself_shows_no_secret() -> None:
    Path("monitor.toml").write_text(f'mqtt.password = ["{SECRET}"]')
    with pytest.raises(ConfigurationError) as caught:
        settings.load(Path("monitor.toml"))
    assert SECRET not in f"{caught.value!r} {caught.value}"


@pytest.mark.parametrize("topic", ["a/#/b", "a#", "a/b+", "#/a", "", "a/\\u0000"])
def test_a_topic_filter_that_mqtt_does_not_allow_is_a_fault(topic: str) -> None:
    told = faults(f'mqtt.topics = ["{topic}"]\ndecoders.map = [{{topic = "{topic}", quantity = "co2"}}]')
    assert len(told) == 2
    assert all("expected a topic filter" in fault for fault in told)


@pytest.mark.parametrize("topic", ["#", "+", "a/#", "+/+/state", "/a", "a b/ü"])
def test_a_topic_filter_that_mqtt_allows_is_taken(topic: str) -> None:
    assert settings.load(a_file(f'mqtt.topics = ["{topic}"]'.encode(), "monitor.toml")).mqtt.topics == (topic,)


@pytest.mark.parametrize("line", ['mqtt.status_topic = "a/#"', 'decoders.zigbee2mqtt_bases = ["+/zigbee"]'])
def test_a_topic_of_our_own_has_no_wildcards(line: str) -> None:
    assert "expected a topic without + and #" in faults(line)[0]


@pytest.mark.parametrize("key", ["_env_file", "_cli_parse_args", "_secrets_dir"])
def test_a_key_that_only_the_library_would_understand_is_unknown(key: str) -> None:
    assert faults(f'{key} = "x"') == [f"monitor.toml: {key}: unknown section"]


@pytest.mark.parametrize("name", ["CONFIG__X", "MQTT__", "NIGHT__BEDD", "X"])
def test_a_variable_that_names_nothing_is_a_fault(name: str) -> None:
    assert [fault for fault in faults(**{name: "1"}) if "unknown setting" in fault]


def test_a_variable_may_name_one_key_of_a_table() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(PREFIX + "NIGHT__WEEKDAYS__SAT", '{"bed": "00:30"}')
        assert settings.load().night.usual().weekdays == {5: ("00:30", "07:00")}


def test_a_variable_in_small_letters_counts() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv((PREFIX + "MQTT__HOST").lower(), "broker")
        assert settings.load().mqtt.host == "broker"


def test_a_factor_of_the_environment_that_nobody_knows_names_the_variable() -> None:
    place = f"environment {PREFIX}ANALYSIS__ADJUST_FOR: analysis.adjust_for"
    assert faults(ANALYSIS__ADJUST_FOR='["alcohl"]') == [
        f"{place}: expected factors of the diary, got 'alcohl'; did you mean alcohol?"
    ]


def test_a_factor_is_not_looked_for_in_a_list_that_is_none() -> None:
    assert faults('analysis.adjust_for = "alcohl"') == [
        "monitor.toml: analysis.adjust_for: expected a list in brackets, got 'alcohl'"
    ]


def test_a_weekday_that_is_none_is_told_with_those_there_are() -> None:
    assert faults('[night.weekdays.fun]\nbed = "23:00"') == [
        "monitor.toml: night.weekdays.fun: expected 'mon', 'tue', 'wed', 'thu', 'fri', 'sat' or 'sun', got 'fun'"
    ]


def test_a_text_that_windows_saved_is_read() -> None:
    assert settings.load(a_file(b'\xef\xbb\xbf[home]\r\nzone = "UTC"\r\n', "monitor.toml")).home.zone == "UTC"


def test_a_text_of_an_older_encoding_is_a_fault() -> None:
    with pytest.raises(ConfigurationError, match=r"monitor\.toml: not valid TOML: 'utf-8' codec"):
        settings.load(a_file(b'[home]\nzone = "\xe9"\n', "monitor.toml"))


def test_a_file_that_vanishes_or_is_not_ours_to_read_is_a_fault() -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: Input/output error"):
        settings.load(Path("/proc/self/mem"))


@pytest.mark.parametrize("value", ["inf", "nan"])
def test_a_number_beyond_all_bounds_is_a_fault(value: str) -> None:
    row = f'decoders.map = [{{topic = "a", quantity = "co2", scale = {value}}}]'
    assert f"expected a finite number, got {value}" in faults(row)[0]


@pytest.mark.parametrize(
    "url", ["localhost:8086", "http://a b", "http://h:99999", "http://h:0", "http://h/?q=1", "ftp://h", "http://me@h"]
)
def test_an_address_of_a_mirror_that_cannot_be_one_is_a_fault(url: str) -> None:
    (one,) = faults(f'[mirror]\nurl = "{url}"\n')
    assert "mirror.url: expected an address such as http://localhost:8086" in one


def test_a_secret_in_the_address_of_a_mirror_is_not_shown() -> None:
    (one,) = faults('[mirror]\nurl = "http://me:hush@localhost:8086"\n')
    assert "hush" not in one
