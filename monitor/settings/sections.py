"""Every setting: one frozen section per concern, each key with default, unit and meaning."""

from typing import Any, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from monitor.core.diary import DEFAULT_ADJUST
from monitor.core.nights import UsualTimes
from monitor.errors import DiaryError
from monitor.settings.keeping import Backup, Mirror, Retention, Store
from monitor.settings.values import (
    WEEKDAYS,
    OwnFactor,
    QuantityName,
    ReadableFile,
    SecretFile,
    Section,
    Topic,
    TopicFilter,
    WallTime,
    Zone,
)

PREFIX = "BEDROOM_MONITOR_"
"""How the environment variables of the settings begin: BEDROOM_MONITOR_MQTT__HOST is mqtt.host."""


class Home(Section):
    """Where the bedroom is."""

    zone: Zone = ""
    """IANA zone of the bedroom; empty: the zone of this machine."""


class Mqtt(Section):
    """The MQTT broker that the sensors publish to."""

    host: str = "localhost"
    """Host name or address of the broker."""
    port: int = Field(default=1883, ge=1, le=65535)
    """TCP port; 8883 is usual with tls, 9001 with websockets."""
    transport: Literal["tcp", "websockets"] = "tcp"
    """How to connect."""
    websocket_path: str = "/mqtt"
    """Path of the websocket, with transport = "websockets"."""
    version: Literal["3.1.1", "5"] = "3.1.1"
    """MQTT version; 5 costs about 1.8 times the processor time and brings a session expiry that the broker obeys."""
    username: str = ""
    """User name; empty: none."""
    password: SecretStr = SecretStr("")
    """Password; better kept in a file of its own, see password_file."""
    password_file: SecretFile | None = None
    """File that holds the password, readable by the monitor only."""
    tls: bool = False
    """Encrypt the connection and check the broker's certificate."""
    ca_file: ReadableFile | None = None
    """Certificate of the authority that signed the broker's; without it the system's authorities count."""
    cert_file: ReadableFile | None = None
    """Client certificate, where the broker asks for one."""
    key_file: ReadableFile | None = None
    """Key of the client certificate."""
    client_id: str = Field(default="bedroom-monitor", min_length=1, max_length=64)
    """Name of this client at the broker; stable, so that the broker keeps messages while the monitor is away."""
    session_expiry_h: float = Field(default=168.0, ge=0, le=10_000)
    """Hours the broker keeps the session while the monitor is away (MQTT 5; with 3.1.1 the broker decides)."""
    keepalive_s: int = Field(default=60, ge=5, le=3600)
    """Seconds after which a silent connection is checked."""
    reconnect_max_s: float = Field(default=120.0, ge=1, le=3600)
    """Longest pause in seconds between two attempts to connect; the pauses grow from 1 s, with jitter."""
    topics: tuple[TopicFilter, ...] = ()
    """Topic filters in place of those of decoders and maps; announcements are always subscribed to."""
    queue_size: int = Field(default=2_000, ge=100, le=1_000_000)
    """Messages held between network and worker; when it is full the network waits."""
    status_topic: Topic = Field(default="bedroom-monitor/status", min_length=1)
    """Retained topic that says online or offline."""

    @model_validator(mode="after")
    def _together(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file: expected both or neither")
        if self.ca_file and not self.tls:
            raise ValueError("ca_file: expected tls = true beside it")
        return self


class UsualNight(Section):
    """Bed and rise time of one weekday; a time left out is the usual one."""

    bed: WallTime | None = None
    """Time to bed before that day, local; without it the usual one."""
    rise: WallTime | None = None
    """Time of rising on that day, local; without it the usual one."""


class NightSettings(Section):
    """When the nights are, where nothing better is known."""

    bed: WallTime = "23:00"
    """Usual time to bed, local."""
    rise: WallTime = "07:00"
    """Usual time of rising, local."""
    weekdays: dict[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], UsualNight] = {}  # noqa: RUF012 - pydantic copies it
    """Other times by weekday of waking, for example {sat = {bed = "00:30", rise = "09:00"}}."""
    settle_minutes: float = Field(default=30.0, ge=0, le=720)
    """Minutes to wait after rising before a night is closed, for sensors that report late."""
    max_gap_minutes: float = Field(default=15.0, ge=5, le=120)
    """Longest gap in minutes that is bridged by a straight line; raise it for sensors that report seldom."""

    def usual(self) -> UsualTimes:
        """The usual nights; raises DiaryError where they overlap or are none."""
        return UsualTimes(
            bed=self.bed,
            rise=self.rise,
            weekdays={
                WEEKDAYS.index(day): (times.bed or self.bed, times.rise or self.rise)
                for day, times in self.weekdays.items()
            },
        )

    @model_validator(mode="after")
    def _nights_apart(self) -> Self:
        try:
            self.usual()
        except DiaryError as exc:
            raise ValueError(str(exc)) from exc
        return self


class Sensors(Section):
    """What is taken from the sensors."""

    auto_place: bool = True
    """Let a sensor's name say where it is (bedroom, bed, outdoor); what you place yourself always wins."""
    listen: Literal["auto", "all", "placed"] = "auto"
    """all: store every sensor that is heard; placed: only those that are placed; auto: all until you place one."""


class FieldMapSettings(Section):
    """One value of a payload that no decoder knows by itself."""

    topic: TopicFilter
    """Topic filter, + and # as in MQTT; subscribed to, unless mqtt.topics names others."""
    path: str = ""
    """Where the value stands in the JSON, such as data.temp or values.0; empty: the payload is the value."""
    quantity: QuantityName
    """What it is; see quantities.md."""
    unit: str | None = None
    """The unit it comes in, such as F or kPa; without it the quantity's own."""
    sensor: str | None = None
    """Name of the sensor; without it the topic and the path name it."""
    scale: float = Field(default=1.0, allow_inf_nan=False)
    """The value is multiplied by this before its unit is looked at."""


class DecoderSettings(Section):
    """How messages are read."""

    zigbee2mqtt_bases: tuple[Topic, ...] = ("zigbee2mqtt",)
    """Base topics of your Zigbee2MQTT installations."""
    sleep_as_android_bases: tuple[Topic, ...] = ("SleepAsAndroid",)
    """Topics, or the first levels of topics, that you have set in Sleep as Android."""
    homeassistant_prefix: Topic = "homeassistant"
    """Discovery prefix of Home Assistant, under which others announce themselves."""
    map: tuple[FieldMapSettings, ...] = ()
    """Fields that no decoder knows: topic, path ("a.b", empty for a plain value), quantity, unit, sensor, scale."""


class DiarySettings(Section):
    """What can be logged of a night."""

    own_factors: tuple[OwnFactor, ...] = ()
    """Names of factors of your own, beside the built-in ones; a number each night."""


class AnalysisSettings(Section):
    """How conditions and nights are compared."""

    adjust_for: tuple[str, ...] = DEFAULT_ADJUST
    """Factors to adjust for, most important first; with few nights they are left out from the end."""
    seed: int = Field(default=1, ge=0)
    """Seed of everything random, so that a result can be repeated."""
    timeout_s: float = Field(default=300.0, ge=1, le=86_400)
    """Longest time in seconds that an analysis may take."""
    memory_mb: int = Field(default=1024, ge=256, le=65_536)
    """Most memory in MB that the analysis process may use."""


class Logging(Section):
    """What the monitor says while it runs."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Least important kind of line that is written to standard error."""


class _Environment(EnvSettingsSource):
    """What is no JSON where a list or table is wanted is left as it stands: validation says what was expected."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            return value


class Settings(BaseSettings):
    """All settings; unknown sections and keys are faults."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        use_attribute_docstrings=True,
    )

    home: Home = Home()
    mqtt: Mqtt = Mqtt()
    store: Store = Store()
    retention: Retention = Retention()
    backup: Backup = Backup()
    mirror: Mirror = Mirror()
    night: NightSettings = NightSettings()
    sensors: Sensors = Sensors()
    decoders: DecoderSettings = DecoderSettings()
    diary: DiarySettings = DiarySettings()
    analysis: AnalysisSettings = AnalysisSettings()
    logging: Logging = Logging()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file; nothing else is read."""
        del env_settings, dotenv_settings, file_secret_settings
        return _Environment(settings_cls), init_settings


__all__ = ["PREFIX", "WEEKDAYS", "Backup", "Mirror", "Retention", "Section", "Settings", "Store"]
