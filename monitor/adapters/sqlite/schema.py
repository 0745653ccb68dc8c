"""The tables, as ordered migrations; the file's `user_version` is the number of migrations applied."""

APPLICATION_ID = 0x42644D6E
"""`BdMn` in the file's header: this database is ours."""

_FIRST = """
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value ANY
) STRICT, WITHOUT ROWID;

CREATE TABLE sensor (
    key           TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    place         TEXT CHECK (place IN ('bedroom', 'bed', 'outdoor', 'other')),
    placed_by     TEXT CHECK (placed_by IN ('name', 'person')),
    first_seen_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE series (
    id       INTEGER PRIMARY KEY AUTOINCREMENT, -- a forgotten sensor's number is never given again
    sensor   TEXT NOT NULL REFERENCES sensor (key) ON DELETE CASCADE,
    quantity TEXT NOT NULL,
    unit     TEXT NOT NULL,
    UNIQUE (sensor, quantity)
) STRICT;

CREATE TABLE reading (
    series INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE,
    ts_ms  INTEGER NOT NULL,
    value  REAL NOT NULL,
    PRIMARY KEY (series, ts_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE set_aside (
    series INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE,
    ts_ms  INTEGER NOT NULL,
    value  REAL,
    reason TEXT NOT NULL,
    PRIMARY KEY (series, ts_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE calibration (
    series        INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE,
    valid_from_ms INTEGER NOT NULL,
    offset        REAL NOT NULL,
    gain          REAL NOT NULL,
    PRIMARY KEY (series, valid_from_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE delivery (
    id       INTEGER PRIMARY KEY,
    messages BLOB NOT NULL
) STRICT;

CREATE TABLE problem (
    topic    TEXT NOT NULL,
    reason   TEXT NOT NULL,
    count    INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms  INTEGER NOT NULL,
    PRIMARY KEY (topic, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE night (
    wake_date TEXT PRIMARY KEY,
    zone      TEXT NOT NULL,
    start_ms  INTEGER NOT NULL,
    end_ms    INTEGER NOT NULL CHECK (end_ms > start_ms),
    known_by  TEXT NOT NULL,
    sensors   TEXT NOT NULL,
    closed_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE exposure (
    wake_date TEXT NOT NULL REFERENCES night (wake_date) ON DELETE CASCADE,
    name      TEXT NOT NULL,
    value     REAL,
    coverage  REAL NOT NULL,
    PRIMARY KEY (wake_date, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE exclusion (
    wake_date TEXT PRIMARY KEY,
    why       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE diary (
    wake_date TEXT PRIMARY KEY,
    severity  INTEGER NOT NULL CHECK (severity BETWEEN 0 AND 10),
    entry     TEXT NOT NULL,
    source    TEXT NOT NULL,
    logged_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE diary_edit (
    id          INTEGER PRIMARY KEY,
    wake_date   TEXT NOT NULL,
    entry       TEXT NOT NULL,
    replaced_by TEXT NOT NULL,
    replaced_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX diary_edit_by_date ON diary_edit (wake_date, id);

CREATE TABLE analysis_run (
    id      INTEGER PRIMARY KEY,
    ran_ms  INTEGER NOT NULL,
    version TEXT NOT NULL,
    task    TEXT NOT NULL,
    result  TEXT NOT NULL
) STRICT;

CREATE TABLE finding (
    run      INTEGER NOT NULL REFERENCES analysis_run (id) ON DELETE CASCADE,
    exposure TEXT NOT NULL,
    verdict  TEXT NOT NULL,
    grade    TEXT NOT NULL,
    PRIMARY KEY (run, exposure)
) STRICT, WITHOUT ROWID;
"""

_SECOND = """
ALTER TABLE sensor ADD COLUMN online INTEGER CHECK (online IN (0, 1));
ALTER TABLE sensor ADD COLUMN online_ms INTEGER;
ALTER TABLE sensor ADD COLUMN expire_after_s REAL;
ALTER TABLE set_aside ADD COLUMN awaiting INTEGER NOT NULL DEFAULT 0 CHECK (awaiting IN (0, 1));

CREATE TABLE heard (
    sensor       TEXT NOT NULL REFERENCES sensor (key) ON DELETE CASCADE,
    topic        TEXT NOT NULL,
    availability TEXT, -- the topic that says whether the sensor can be reached
    PRIMARY KEY (sensor, topic)
) STRICT, WITHOUT ROWID;

CREATE TABLE word (
    series INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE,
    ts_ms  INTEGER NOT NULL,
    word   TEXT NOT NULL, -- what the event is called whose reading stands at this time
    PRIMARY KEY (series, ts_ms)
) STRICT, WITHOUT ROWID;

-- nights closed before have no exposures of the other quantities yet
INSERT INTO meta (key, value) SELECT 'due_from_ms', start_ms FROM night ORDER BY start_ms LIMIT 1
    ON CONFLICT (key) DO UPDATE SET value = min(value, excluded.value);
INSERT INTO meta (key, value) SELECT 'due_to_ms', end_ms FROM night ORDER BY end_ms DESC LIMIT 1
    ON CONFLICT (key) DO UPDATE SET value = max(value, excluded.value);
"""

_THIRD = """
CREATE TABLE thinned (
    series    INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE,
    start_ms  INTEGER NOT NULL, -- of five minutes, a multiple of 300,000
    mean      REAL NOT NULL, -- weighted by time
    median    REAL NOT NULL, -- of the readings, as the nights use it
    low       REAL NOT NULL,
    high      REAL NOT NULL,
    covered_s REAL NOT NULL,
    count     INTEGER NOT NULL, -- readings that the row stands for, 0 where it is from statistics of another program
    offsets   BLOB NOT NULL DEFAULT x'', -- when they were: ms after the start, three bytes each
    PRIMARY KEY (series, start_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE thinning (
    series     INTEGER PRIMARY KEY REFERENCES series (id) ON DELETE CASCADE,
    done_to_ms INTEGER NOT NULL, -- what is older was looked at
    last_ms    INTEGER, -- the last reading before: its value holds over
    last_value REAL
) STRICT;

CREATE TABLE mirror_queue (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    series    INTEGER REFERENCES series (id) ON DELETE CASCADE,
    record    TEXT, -- what is to be sent where it is no reading, such as night/2026-01-31
    from_ms   INTEGER NOT NULL,
    to_ms     INTEGER NOT NULL,
    count     INTEGER NOT NULL, -- readings of the span when it was queued
    live      INTEGER NOT NULL CHECK (live IN (0, 1)), -- 0: asked for again, or imported
    queued_ms INTEGER NOT NULL,
    CHECK ((series IS NULL) <> (record IS NULL))
) STRICT;

CREATE TABLE mirror_aside (
    id     INTEGER PRIMARY KEY,
    line   TEXT NOT NULL,
    reason TEXT NOT NULL,
    at_ms  INTEGER NOT NULL
) STRICT;

CREATE TABLE import_mark (
    source   TEXT NOT NULL, -- the file or server
    item     TEXT NOT NULL, -- what of it
    done_to  INTEGER NOT NULL, -- up to where it is imported, as the source counts
    PRIMARY KEY (source, item)
) STRICT, WITHOUT ROWID;
"""

MIGRATIONS: tuple[str, ...] = (_FIRST, _SECOND, _THIRD)
