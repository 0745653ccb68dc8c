"""Topics that no usual filter covers are listened to from the start, or as soon as they are learned."""

from dataclasses import dataclass, field

from monitor.core.decoding import Decoders
from monitor.services.following import Following, Plan
from monitor.services.ingest import Ingest
from tests.services.fakes import FakeClock, FakeSource
from tests.services.home import Home
from tests.services.rig import NOW_MS, a_delivery, dialects

CONFIG = {"stat_t": "lab/air", "dev_cla": "temperature", "uniq_id": "lab"}
ANNOUNCEMENT = a_delivery(CONFIG, topic="homeassistant/sensor/lab/config", retain=True)


@dataclass
class Wanting:
    """Remembers what is to be listened to."""

    topics: tuple[str, ...] = field(default=())

    def want(self, topics: tuple[str, ...]) -> None:
        self.topics = topics


def wired(home: Home) -> tuple[Ingest, Wanting]:
    """A daemon's ingest that has just been started over this home's database, and what it wants."""
    source = Wanting()
    ingest = Ingest(Decoders(dialects()), home.readings, FakeClock(NOW_MS), rows=500, age_s=1.0)
    following = Following(home.readings, source, ingest, Plan(announcements=("homeassistant/#",), values=("tele/#",)))
    ingest.on_learned = following.follow
    following.follow()
    return ingest, source


def test_a_topic_where_a_sensor_was_heard_before_is_wanted_before_anything_is_announced(home: Home) -> None:
    ingest, _ = wired(home)
    ingest.take([ANNOUNCEMENT, a_delivery(b"20.5", topic="lab/air")])
    ingest.commit(FakeSource())
    assert "lab/air" in wired(home)[1].topics


def test_what_is_announced_is_wanted_as_soon_as_it_is_learned(home: Home) -> None:
    ingest, source = wired(home)
    ingest.take([ANNOUNCEMENT])
    assert "lab/air" in source.topics
