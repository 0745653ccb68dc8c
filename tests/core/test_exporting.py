"""Tables that are exported are plain, exact, and read back as they were."""

import csv
import io
from datetime import UTC, date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.diary import DiaryEntry
from monitor.core.exporting import (
    EXPOSURE_COLUMNS,
    FINDING_COLUMNS,
    NIGHT_COLUMNS,
    READING_COLUMNS,
    Kept,
    csv_text,
    exposure_rows,
    factor_columns,
    finding_rows,
    moment,
    night_row,
    reading_rows,
)
from monitor.core.exposure import Exposure
from monitor.core.findings import AnalysisResult, Finding
from monitor.core.night_table import nights_from
from monitor.core.nights import NightWindow
from monitor.core.reading_table import ThinnedReading, readings_from
from monitor.core.readings import Reading
from monitor.core.tabular import NO_VALUE, Conventions, guarded, unguarded

CONVENTIONS = Conventions(zone=UTC)
TIMES = st.integers(631_152_000_000, 4_000_000_000_000)
NUMBERS = st.floats(-1e12, 1e12)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


def table(kept: list[Kept], sensor: str = "zigbee2mqtt:Bedroom", quantity: str = "temperature") -> str:
    return csv_text([READING_COLUMNS, *reading_rows(sensor, quantity, kept)])


@given(TIMES, NUMBERS)
def test_every_reading_comes_back_to_the_last_digit(time_ms, value):
    found = readings_from(table([Kept(time_ms, value)]), CONVENTIONS)
    assert (found.readings, found.exported) == ((Reading("zigbee2mqtt:Bedroom", "temperature", time_ms, value),), True)


@given(TEXTS.filter(str.strip), TEXTS)
def test_every_name_and_word_comes_back_but_for_blanks_around(sensor, word):
    found = readings_from(table([Kept(1_770_000_000_000, 1.0, word)], sensor, "sleep_event"), CONVENTIONS)
    expected = [" ".join(text.split("\r\n")).replace("\r", " ").replace("\n", " ").strip() for text in (sensor, word)]
    (reading,) = found.readings
    assert [(text or "").replace("\n", " ") for text in (reading.sensor, reading.word)] == expected


@given(TEXTS)
def test_a_guarded_text_is_never_computed_and_comes_back(text):
    assert not guarded(text).startswith(("=", "+", "-", "@"))
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("text", sorted(NO_VALUE - {""}))
def test_a_text_that_means_nothing_elsewhere_is_guarded(text):
    assert guarded(text).lower() not in NO_VALUE


@pytest.mark.parametrize("text", ["'tis", "''", "", "a-b", "'"])
def test_other_texts_stay_as_they_are(text):
    assert (guarded(text), unguarded(text)) == (text, text)


def test_five_minutes_come_back_as_five_minutes():
    kept = [Kept(1_770_000_150_000, 20.5, None, (19.0, 21.25))]
    found = readings_from(table(kept), CONVENTIONS)
    assert found.thinned == (ThinnedReading("zigbee2mqtt:Bedroom", "temperature", 1_770_000_150_000, 20.5, 19, 21.25),)
    assert found.readings == ()


def test_five_minutes_without_their_bounds_are_a_bad_line():
    text = table([Kept(1_770_000_150_000, 20.5, None, (19.0, 21.25))]).replace("21.25", "lots")
    (error,) = readings_from(text, CONVENTIONS).errors
    assert str(error) == "line 2, low, high: expected two numbers, got '19 lots'"


def test_a_table_of_another_program_is_not_taken_for_an_export():
    text = "sensor,quantity,value,unit,time,thinned\na,temperature,20,,2026-02-01T22:00:00Z,5 min\n"
    found = readings_from(text, CONVENTIONS)
    assert (found.exported, found.thinned, found.ignored) == (False, (), ("thinned",))


def test_times_show_milliseconds_only_where_there_are_some():
    assert [moment(1_770_000_000_000), moment(1_770_000_000_007)] == [
        "2026-02-02T02:40:00Z", "2026-02-02T02:40:00.007Z",
    ]  # fmt: skip


def test_an_entry_of_the_diary_comes_back_whole():
    entry = DiaryEntry(
        wake_date=date(2026, 2, 2), severity=0, count=3, bed="23:20", rise="07:05", zone="Europe/Lisbon",
        note='-5 °C, "cold";\nunknown', factors={"alcohol": 0.0, "stress": 2.5},
    )  # fmt: skip
    factors = factor_columns([entry])
    found = nights_from(csv_text([(*NIGHT_COLUMNS, *factors), night_row(entry, factors)]), CONVENTIONS)
    assert found.entries == (entry,)


def test_a_note_that_reads_like_no_value_is_kept():
    entry = DiaryEntry(wake_date=date(2026, 2, 2), severity=1, note="unknown")
    assert nights_from(csv_text([NIGHT_COLUMNS, night_row(entry, ())]), CONVENTIONS).entries == (entry,)


def test_columns_of_factors_are_in_the_usual_order_with_own_ones_last():
    entries = [DiaryEntry(wake_date=date(2026, 2, 2), severity=1, factors={name: 1.0}) for name in ("b", "stress", "a")]
    entries.append(DiaryEntry(wake_date=date(2026, 2, 3), severity=1, factors={"alcohol": 1.0}))
    assert factor_columns(entries) == ("alcohol", "stress", "a", "b")


def test_an_exposure_stands_beside_its_night_and_one_of_an_unknown_name_has_no_unit():
    window = NightWindow(
        wake_date=date(2026, 2, 2), zone="Europe/Brussels", start_ms=1_769_983_200_000, end_ms=1_770_012_000_000,
        known_by="usual",
    )  # fmt: skip
    exposures = [Exposure(name="T_mean", value=None, coverage=0.25), Exposure(name="gone", value=1.5, coverage=1.0)]
    rows = list(csv.DictReader(io.StringIO(csv_text([EXPOSURE_COLUMNS, *exposure_rows(window, exposures, "ill")]))))
    assert [(row["value"], row["unit"], row["coverage"]) for row in rows] == [("", "degC", "0.25"), ("1.5", "", "1")]
    assert (rows[0]["start"], rows[0]["left_out"]) == ("2026-02-01T23:00:00+01:00", "ill")


def test_a_finding_is_written_with_its_sentence_one_of_an_unknown_name_without():
    finding = Finding(
        exposure="T_mean", domain="thermal", primary=True, unit="1 °C", verdict="trigger", grade="weak", nights=60,
        bad=20, odds_ratio=1.8, ci=(1.2, 2.7), p=0.004, q=0.02, adjusted_for=("alcohol", "stress"),
    )  # fmt: skip
    gone = Finding(
        exposure="gone", domain="air", primary=False, unit="1", verdict="collecting", grade="none", nights=60, bad=20
    )
    result = AnalysisResult(nights=60, bad=20, good=40, tried=9, findings=(finding, gone))
    rows = list(
        csv.DictReader(io.StringIO(csv_text([FINDING_COLUMNS, *finding_rows(4, 1_770_000_000_000, "0.1", result)])))
    )
    assert (rows[0]["ci_low"], rows[0]["adjusted_for"], rows[0]["ran"]) == (
        "1.2",
        "alcohol stress",
        "2026-02-02T02:40:00Z",
    )
    assert [bool(row["sentence"]) for row in rows] == [True, False]
