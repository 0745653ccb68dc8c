"""Whatever is kept comes back as it was, over every store."""

import tempfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.core.diary import DiaryEntry
from monitor.core.exposure import Exposure
from monitor.core.findings import AnalysisResult, AnalysisTask, Finding
from monitor.core.nights import LONGEST_MS, NightWindow
from monitor.ports import Night
from tests.contracts.stores import KINDS

EVERY_STORE = pytest.mark.parametrize("kind", sorted(KINDS))
OFTEN = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
finite = st.floats(allow_nan=False, allow_infinity=False)
dates = st.dates(date(2015, 1, 2), date(2100, 1, 1))
walls = st.none() | st.times().map(lambda time: f"{time:%H:%M}")
entries = st.builds(
    DiaryEntry,
    wake_date=dates,
    severity=st.integers(0, 10),
    count=st.none() | st.integers(0, 500),
    bed=walls,
    rise=walls,
    zone=st.none() | st.sampled_from(["UTC", "Europe/Brussels"]),
    note=words,
    factors=st.dictionaries(words, finite, max_size=3),
)


@st.composite
def nights(draw) -> Night:
    start_ms = draw(st.integers(0, 2**42))
    window = NightWindow(
        wake_date=draw(dates),
        zone=draw(st.sampled_from(["UTC", "Europe/Brussels"])),
        start_ms=start_ms,
        end_ms=start_ms + draw(st.integers(1, LONGEST_MS)),
        known_by=draw(st.sampled_from(["diary", "usual"])),
    )
    names = sorted(draw(st.sets(words, max_size=4)), key=str.encode)
    exposures = tuple(Exposure(name, draw(st.none() | finite), draw(st.floats(0, 1))) for name in names)
    return Night(window, draw(st.dictionaries(words, st.lists(words, max_size=3).map(tuple), max_size=3)), exposures)


findings = st.builds(
    Finding,
    exposure=words,
    domain=words,
    primary=st.booleans(),
    unit=words,
    verdict=words,
    grade=words,
    nights=st.integers(0, 999),
    bad=st.integers(0, 999),
    odds_ratio=st.none() | finite,
    ci=st.none() | st.tuples(finite, finite),
    adjusted_for=st.lists(words, max_size=3).map(tuple),
    proportional=st.none() | st.booleans(),
)


@EVERY_STORE
@OFTEN
@given(said=st.lists(entries, max_size=4))
def test_entries_come_back_by_date_and_the_last_word_counts(kind, said):
    with tempfile.TemporaryDirectory() as folder, KINDS[kind](Path(folder)) as stores:
        for number, entry in enumerate(said):
            stores.diary.log(entry, number, "test")
        last = {entry.wake_date: entry for entry in said}
        assert stores.diary.entries() == [last[day] for day in sorted(last)]


@EVERY_STORE
@OFTEN
@given(closed=st.lists(nights(), max_size=4))
def test_nights_come_back_by_date_with_their_exposures(kind, closed):
    with tempfile.TemporaryDirectory() as folder, KINDS[kind](Path(folder)) as stores:
        for number, night in enumerate(closed):
            stores.nights.close(night, number)
        last = {night.window.wake_date: night for night in closed}
        assert stores.nights.nights() == [last[day] for day in sorted(last)]


@EVERY_STORE
@OFTEN
@given(found=st.lists(findings, max_size=3, unique_by=lambda finding: finding.exposure))
def test_a_result_comes_back_with_its_findings(kind, found):
    result = AnalysisResult(nights=9, bad=1, good=8, tried=len(found), findings=tuple(found))
    task = AnalysisTask(nights=(), exposures=(), adjust_for=())
    with tempfile.TemporaryDirectory() as folder, KINDS[kind](Path(folder)) as stores:
        number = stores.analyses.record(task, result, "0.1", 5)
        assert stores.analyses.latest() == (number, 5, result)
