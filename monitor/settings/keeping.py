"""The settings of what is kept: the database, its copies, and how long."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from monitor.settings.values import ReadableFile, SecretFile, Section, WallTime, WebAddress


class Store(Section):
    """The database file."""

    path: Path = Path("~/.local/share/bedroom-monitor/monitor.db")
    """The SQLite file; a folder of its own, since two more files stand beside it."""
    batch_rows: int = Field(default=500, ge=1, le=100_000)
    """Readings stored in one go at the most."""
    batch_age_s: float = Field(default=50.0, gt=0, le=60)
    """Longest time in seconds that a reading waits to be stored and acknowledged; longer spares a card: sd-card.md."""
    sync: Literal["full", "normal"] = "full"
    """full: what is stored survives a power cut; normal: fewer writes to the card, survives a crash of the program."""


class Retention(Section):
    """How long readings are kept as they came; nights, exposures and diary are always kept."""

    thin_after_days: int = Field(default=0, ge=0, le=36_500)
    """Days after which readings are thinned to one row for five minutes; 0: they are kept as they came, for ever."""

    @model_validator(mode="after")
    def _late_enough(self) -> Self:
        if 0 < self.thin_after_days < 7:
            raise ValueError("thin_after_days: expected 0 or at least 7")
        return self


class Backup(Section):
    """Copies of the database, made by the daemon."""

    daily: bool = True
    """Make a backup every day."""
    at: WallTime = "13:00"
    """Time of day of the daily backup, local; one that was missed is made up for."""
    folder: Path | None = None
    """Where backups go, best on another disk; without it the folder backups beside the database."""
    keep_daily: int = Field(default=7, ge=1, le=1_000)
    """The newest backups that are kept."""
    keep_weekly: int = Field(default=4, ge=0, le=1_000)
    """Weeks before those of which one backup each is kept."""


class Mirror(Section):
    """A copy of the readings and nights in InfluxDB or VictoriaMetrics, for dashboards."""

    url: WebAddress = ""
    """Address of the server, such as http://localhost:8086; empty: no mirror."""
    token: SecretStr = SecretStr("")
    """Token that may write to the bucket (InfluxDB 1.8: user:password); better kept in a file, see token_file."""
    token_file: SecretFile | None = None
    """File that holds the token, readable by the monitor only."""
    org: str = ""
    """Organisation (InfluxDB 2); empty elsewhere."""
    bucket: str = Field(default="bedroom", min_length=1)
    """Bucket; InfluxDB 1.8: database/retention-policy; InfluxDB 3: database."""
    ca_file: ReadableFile | None = None
    """Certificate of the authority that signed the server's; without it the usual authorities count."""
    gzip: bool = True
    """Compress what is sent."""
    timeout_s: float = Field(default=10.0, ge=1, le=120)
    """Seconds to wait for an answer."""
    batch_rows: int = Field(default=5_000, ge=100, le=50_000)
    """Lines sent at once at the most."""
    flush_s: float = Field(default=10.0, ge=0.1, le=3600)
    """Seconds between two looks for what there is to send."""
    keep_days: float = Field(default=30.0, gt=0, le=3650)
    """Days that something waits to be sent while the server is away; the database itself keeps it."""
    keep_rows: int = Field(default=1_000_000, ge=1_000, le=100_000_000)
    """Rows of the queue that wait at the most, about 30 bytes each; then the oldest leave it."""

    @model_validator(mode="after")
    def _together(self) -> Self:
        if self.ca_file and not self.url.startswith("https:"):
            raise ValueError("ca_file: expected an https address in url beside it")
        return self
