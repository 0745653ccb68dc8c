"""Settings of file and environment: what wins, and every fault at once in words one can act on."""

from pathlib import Path

import pytest

from monitor import settings
from monitor.errors import ConfigurationError
from monitor.settings.sections import Settings


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch) -> None:
    """No settings file of this machine is found."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))


def a_file(folder: Path, text: str) -> Path:
    file = folder / "monitor.toml"
    file.write_text(text)
    return file


def faults(folder: Path, text: str = "") -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        settings.load(a_file(folder, text))
    return caught.value.faults


def test_without_a_file_the_defaults_hold():
    assert settings.load() == Settings()


def test_a_file_in_a_usual_place_is_found(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "monitor.toml").write_text('[mqtt]\nhost = "broker"\n')
    assert settings.load().mqtt.host == "broker"


def test_the_environment_names_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("BEDROOM_MONITOR_CONFIG", str(a_file(tmp_path, '[mqtt]\nhost = "broker"\n')))
    assert settings.load().mqtt.host == "broker"


def test_the_environment_wins_over_the_file_key_by_key(tmp_path, monkeypatch):
    monkeypatch.setenv("BEDROOM_MONITOR_MQTT__PORT", "2883")
    loaded = settings.load(a_file(tmp_path, '[mqtt]\nhost = "broker"\nport = 1\n'))
    assert (loaded.mqtt.host, loaded.mqtt.port) == ("broker", 2883)


def test_a_list_in_the_environment_is_json(monkeypatch):
    monkeypatch.setenv("BEDROOM_MONITOR_MQTT__TOPICS", '["a/#"]')
    assert settings.load().mqtt.topics == ("a/#",)


def test_a_list_that_is_no_json_is_a_fault_that_names_the_variable(monkeypatch):
    monkeypatch.setenv("BEDROOM_MONITOR_MQTT__TOPICS", "a/#")
    with pytest.raises(
        ConfigurationError, match=r"environment \w+MQTT__TOPICS: mqtt.topics: expected a list in brackets"
    ):
        settings.load()


@pytest.mark.parametrize("by", ["file", "environment"])
def test_a_secret_comes_from_a_file_of_its_own(tmp_path, monkeypatch, by):
    secret = tmp_path / "password"
    secret.write_text("very secret\n")
    if by == "environment":
        monkeypatch.setenv("BEDROOM_MONITOR_MQTT__PASSWORD_FILE", str(secret))
    text = f'[mqtt]\npassword_file = "{secret}"\n' if by == "file" else ""
    assert settings.load(a_file(tmp_path, text)).mqtt.password.get_secret_value() == "very secret"


def test_a_secret_is_in_no_text_of_the_settings(tmp_path):
    loaded = settings.load(a_file(tmp_path, '[mqtt]\npassword = "very secret"\n'))
    assert "very secret" not in f"{loaded!r} {loaded} {loaded.model_dump()}"


def test_a_named_file_that_is_not_there_is_a_fault(tmp_path):
    with pytest.raises(ConfigurationError, match=r"none\.toml: no such file \(named by --config\)"):
        settings.load(tmp_path / "none.toml")


def test_a_file_named_by_the_environment_that_is_not_there_is_a_fault(monkeypatch):
    monkeypatch.setenv("BEDROOM_MONITOR_CONFIG", "none.toml")
    with pytest.raises(ConfigurationError, match="named by BEDROOM_MONITOR_CONFIG"):
        settings.load()


def test_a_file_that_is_no_toml_is_a_fault_with_its_line(tmp_path):
    assert "not valid TOML" in faults(tmp_path, "[mqtt\n")[0]


def test_a_file_that_may_not_be_read_is_a_fault(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(ConfigurationError, match="no such file"):
        settings.load(folder)


def test_every_fault_is_told_at_once(tmp_path, monkeypatch):
    monkeypatch.setenv("BEDROOM_MONITOR_MQT__HOST", "x")
    told = faults(
        tmp_path,
        '[mqtt]\nhots = "x"\nport = "abc"\n[mqqt]\na = 1\n'
        '[night]\nbed = "25:00"\n[analysis]\nadjust_for = ["alcool"]\n',
    )
    assert len(told) == 6
    assert all("expected" in fault or "unknown" in fault for fault in told)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[mqtt]\nhots = "x"', "mqtt.hots: unknown key; did you mean mqtt.host?"),
        ("[mqqt]\na = 1", "mqqt: unknown section; did you mean mqtt?"),
        ('[mqtt]\nport = "abc"', "mqtt.port: expected a whole number, got 'abc'"),
        ("[mqtt]\nport = 0", "mqtt.port: expected at least 1, got 0"),
        ("[mqtt]\nport = 70000", "mqtt.port: expected at most 65535, got 70000"),
        ("[mqtt]\ntls = 3", "mqtt.tls: expected true or false, got 3"),
        ("[mqtt]\nhost = 3", "mqtt.host: expected text in quotes, got 3"),
        ("[mqtt]\npassword = 3", "mqtt.password: expected text in quotes, got something else"),
        ('[mqtt]\nversion = "4"', "mqtt.version: expected '3.1.1' or '5', got '4'"),
        ('[mqtt]\ntopics = "a"', "mqtt.topics: expected a list in brackets, got 'a'"),
        ('[mqtt]\nca_file = "none.pem"', "mqtt.ca_file: expected a file that can be read, got 'none.pem'"),
        ('[mqtt]\nclient_id = ""', "mqtt.client_id: expected at least 1 character, got ''"),
        ("mqtt = 3", "mqtt: expected a section with keys, got 3"),
        ('[home]\nzone = "Mars/Base"', "home.zone: expected an IANA zone such as Europe/Brussels, got 'Mars/Base'"),
        ("[store]\nbatch_age_s = 0", "store.batch_age_s: expected more than 0, got 0"),
        ('[night]\nrise = "7"', "night.rise: expected a time of day such as 23:00, got '7'"),
        ('[night]\nbed = "06:00"\nrise = "07:00"', "night: bed, rise: expected 3 to 18 hours from bed to rise"),
        ('[night.weekdays]\nsunday = {bed = "23:30"}', "night.weekdays.sunday"),
        ('[analysis]\nadjust_for = ["bedding_tog"]', "expected a cause beside the room, got 'bedding_tog'"),
        ('[diary]\nown_factors = ["Cheese!"]', "expected small letters, digits and _, got 'Cheese!'"),
        ('[diary]\nown_factors = ["alcohol"]', "expected a name that no built-in factor has, got 'alcohol'"),
        ('[[decoders.map]]\ntopic = "a"\nquantity = "warmth"', "decoders.map.0.quantity: expected one of battery"),
        ('[[decoders.map]]\ntopic = "a"\nquantity = "co2"\nscle = 2', "did you mean decoders.map.0.scale?"),
        ('[[decoders.map]]\ntopic = "a"', "decoders.map.0.quantity: missing"),
    ],
)
def test_a_fault_says_which_key_what_was_expected_and_got(tmp_path, text, said):
    told = faults(tmp_path, text)
    assert len(told) == 1, told
    assert said in told[0]
    assert str(tmp_path / "monitor.toml") in told[0]


def test_a_fault_of_the_environment_names_the_variable(tmp_path, monkeypatch):
    monkeypatch.setenv("BEDROOM_MONITOR_MQTT__PORT", "99999")
    assert faults(tmp_path) == [
        "environment BEDROOM_MONITOR_MQTT__PORT: mqtt.port: expected at most 65535, got '99999'"
    ]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("BEDROOM_MONITOR_MQTT__HOTS", "BEDROOM_MONITOR_MQTT__HOST"),
        ("BEDROOM_MONITOR_MQT__HOST", "BEDROOM_MONITOR_MQTT__HOST"),
        ("BEDROOM_MONITOR_STORE_PATH", "BEDROOM_MONITOR_STORE__PATH"),
    ],
)
def test_an_unknown_variable_is_told_once_with_what_was_meant(tmp_path, monkeypatch, name, meant):
    monkeypatch.setenv(name, "x")
    assert faults(tmp_path) == [f"environment: {name}: unknown setting; did you mean {meant}?"]


def test_certificate_and_key_belong_together_and_want_tls(tmp_path):
    pem = tmp_path / "x.pem"
    pem.write_text("x")
    assert "expected both or neither" in faults(tmp_path, f'[mqtt]\ncert_file = "{pem}"')[0]
    assert "expected tls = true beside it" in faults(tmp_path, f'[mqtt]\nca_file = "{pem}"')[0]


def test_own_factors_and_the_weekend_can_be_adjusted_for(tmp_path):
    loaded = settings.load(
        a_file(tmp_path, '[diary]\nown_factors = ["cheese"]\n[analysis]\nadjust_for = ["cheese", "weekend"]\n')
    )
    assert loaded.analysis.adjust_for == ("cheese", "weekend")


def test_other_times_by_weekday_of_waking_are_the_usual_nights(tmp_path):
    loaded = settings.load(a_file(tmp_path, '[night.weekdays]\nsat = {bed = "00:30"}\n'))
    assert loaded.night.usual().weekdays == {5: ("00:30", "07:00")}
