"""What is mirrored beside plain readings, and readings as the person corrects them, on a server like InfluxDB 2."""

from collections.abc import Callable
from datetime import date

import pytest

from monitor.core.diary import DiaryEntry
from monitor.core.exposure import Exposure
from monitor.core.findings import AnalysisResult, AnalysisTask, ExposureRow, Finding, NightRow
from monitor.core.nights import NightWindow
from monitor.core.readings import Reading
from monitor.ports import Night
from tests.services.mirror_rig import NOW_MS, MirrorRig

MINUTE = 60.0


@pytest.fixture
def rig(make_mirror: Callable[..., MirrorRig]) -> MirrorRig:
    return make_mirror()


WAKING = date(2026, 10, 1)


def a_night() -> Night:
    window = NightWindow(
        wake_date=WAKING, zone="Europe/Brussels", start_ms=NOW_MS - 10_800_000, end_ms=NOW_MS, known_by="usual"
    )
    return Night(window, {}, (Exposure("T_mean", 26.0, 1.0),))


def test_nights_diary_findings_and_advice_are_mirrored(rig, influx):
    rig.nights.close(a_night(), rig.clock.now)
    rig.diary.log(DiaryEntry(wake_date=WAKING, severity=7, factors={"alcohol": 2.0}), rig.clock.now, "test")
    task = AnalysisTask(
        nights=(NightRow(t=0, wake_date="2026-10-01"),),
        exposures=(ExposureRow(name="T_mean", domain="thermal", unit="1 °C", per=1.0, primary=True),),
        adjust_for=(),
    )
    found = Finding(
        exposure="T_mean",
        domain="thermal",
        primary=True,
        unit="1 °C",
        verdict="trigger",
        grade="strong",
        nights=60,
        bad=20,
        odds_ratio=1.96,
        ci=(1.4, 2.7),
    )
    result = AnalysisResult(nights=60, bad=20, good=40, tried=1, findings=(found,))
    rig.analyses.record(task, result, "1", rig.clock.now)
    rig.live(MINUTE)
    counts = {name: len(influx.of(name)) for name in ("night", "exposure", "diary", "analysis", "finding", "advice")}
    assert counts == {"night": 1, "exposure": 1, "diary": 1, "analysis": 1, "finding": 1, "advice": 1}


def test_a_record_that_is_gone_when_it_is_sent_leaves_the_queue_without_a_word(rig, influx):
    rig.nights.close(a_night(), rig.clock.now)
    rig.nights.drop(WAKING)
    rig.live(MINUTE)
    assert rig.nothing_waits
    assert influx.of("night") == {}


def test_an_exclusion_reaches_the_server(rig, influx):
    rig.nights.close(a_night(), rig.clock.now)
    rig.live(MINUTE)
    rig.nights.exclude(WAKING, "fever")
    rig.live(MINUTE)
    assert [fields["excluded"] for fields in influx.of("night").values()] == [1.0]


def test_a_calibration_corrects_what_the_server_has(rig, influx):
    rig.measure()
    rig.live(MINUTE)
    before = influx.series("temperature", sensor="g:0")
    rig.sensors.calibrate("g:0", "temperature", 0, -1.5, 1.0)
    rig.live(MINUTE)
    assert influx.series("temperature", sensor="g:0") == {at: value - 1.5 for at, value in before.items()}


def test_odd_names_of_sensors_arrive_as_they_are(rig, influx):
    for sensor in ("g:Bed room, left=1", "g:ü°\\x", 'g:"quoted"'):
        rig.keep([Reading(sensor, "temperature", NOW_MS, 20.0)])
    rig.live(MINUTE)
    assert rig.everything_is_there
