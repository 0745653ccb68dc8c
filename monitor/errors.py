"""Every error the monitor raises on purpose, and what the daemon does about each.

MonitorError
├── ConfigurationError      stop at the start; tell the person every fault at once
├── InputError              refuse this input, keep everything else
│   ├── DecodeError         count the message by topic and reason, acknowledge it, go on
│   └── DiaryError          tell the person which field, keep the diary as it was
├── StoreError              the database
│   ├── StoreUnavailable    passing (full disk, locked): acknowledge nothing, try again
│   └── StoreUnusable       lasting (newer, damaged, not ours): stop and say what to do
├── SensorError             tell the person which sensors are silent; everything else goes on
├── MirrorError             keep what waits in the queue, try again
├── HistoryError            what is imported so far stays; going on from there later is right
├── BackupError             say it once, try again after an hour; readings are stored on
├── BrokerError             keep trying with backoff, unless the broker refuses us for good
└── AnalysisError           report it; nothing else is harmed
"""


class MonitorError(Exception):
    """Root of every error raised on purpose."""


class ConfigurationError(MonitorError):
    """The settings cannot be used; `faults` lists every reason, one line each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class InputError(MonitorError):
    """Something from outside cannot be used; the message says what was expected and got."""


class DecodeError(InputError):
    """A message that claims to hold readings cannot be read; `reason` is short and countable."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class DiaryError(InputError):
    """An entry of the diary cannot be used."""


class StoreError(MonitorError):
    """The database did not do what was asked."""


class StoreUnavailable(StoreError):
    """The database cannot write just now (full disk, another writer); trying again is right."""


class StoreUnusable(StoreError):
    """The database file is newer than this program, damaged, or not ours; trying again is useless."""


class SensorError(MonitorError):
    """Sensors that the nights depend on are silent."""


class MirrorError(MonitorError):
    """The mirror's server does not take what is sent."""


class HistoryError(MonitorError):
    """A server that holds readings of the past does not answer, or does not let us in."""


class BackupError(MonitorError):
    """A backup could not be written; the message says why and what to do. Older backups are as they were."""


class BrokerError(MonitorError):
    """The MQTT broker cannot be reached or refuses us; `permanent` says that trying again is useless."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


class AnalysisError(MonitorError):
    """The analysis process failed, ran out of time or out of memory."""
