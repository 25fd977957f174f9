"""What a study's file looks like. Anything that reads SQLite can read it."""

from __future__ import annotations

APPLICATION_ID = 0x736A7374  # "sjst"; by it `file` and SQLite's own tools know what the file is
VERSION = 1  # of the tables; `PRAGMA user_version`

SCHEMA = """
-- What is searched. One row.
CREATE TABLE study (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    name       TEXT NOT NULL,
    created    REAL NOT NULL,          -- seconds since 1970
    versions   TEXT NOT NULL,          -- JSON: of the libraries that made the file
    space      TEXT NOT NULL,          -- JSON: the open tree and its patches, as symjax.to_json writes them
    outline    TEXT NOT NULL,          -- the space in words
    predicates TEXT NOT NULL,          -- JSON: the names of what Space.constrain was given; code is not kept
    algorithm  TEXT NOT NULL,          -- JSON, as symjax.to_json writes it
    objective  TEXT NOT NULL,          -- JSON: metrics, modes, bounds
    repeats    INTEGER NOT NULL,       -- seeds of each trial
    key        TEXT,                   -- JSON: the key of all that is drawn; NULL before the first run
    batch      INTEGER,                -- how many trials are asked for at a time
    function   TEXT                    -- what is evaluated: its name and arguments
);

-- What the algorithm has learnt. One row; written in the same transaction as the trials that it learnt from.
CREATE TABLE state (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL,          -- grows by one each time
    layout  TEXT NOT NULL,             -- JSON: the arrays in content
    content BLOB NOT NULL
);

-- Processes that have run trials. One lives while it has a lock on the file <study>.worker-<id>.
CREATE TABLE workers (
    id      INTEGER PRIMARY KEY,
    pid     INTEGER NOT NULL,
    host    TEXT NOT NULL,
    started REAL NOT NULL,
    ended   REAL                       -- when it ended, or was found dead
);

-- Trials that were asked for together; their ids count on from first. Reserved as long as not told.
CREATE TABLE batches (
    first   INTEGER PRIMARY KEY,
    size    INTEGER NOT NULL,
    genes   BLOB,                      -- of each trial: choices int32, then floats float32; little-endian.
                                       -- NULL where rounds run as one program, which asks itself
    worker  INTEGER NOT NULL,
    asked   REAL NOT NULL,
    told    REAL                       -- when the algorithm was told; NULL before
);
CREATE INDEX open_batches ON batches (first) WHERE told IS NULL;

-- Trials that ran. Written once and never changed, but for what is noted of them later.
CREATE TABLE trials (
    id         INTEGER PRIMARY KEY,
    state      TEXT NOT NULL,          -- ok, nan or failed
    worker     INTEGER NOT NULL,
    started    REAL NOT NULL,          -- seconds since 1970
    finished   REAL NOT NULL,
    seconds    REAL,                   -- what it took by itself
    digest     TEXT NOT NULL,          -- of the experiment: the same where all that matters is the same
    error      INTEGER,                -- what it raised
    genes      BLOB NOT NULL,          -- as in batches
    decisions  TEXT NOT NULL,          -- JSON: what was decided, by name
    metrics    TEXT,                   -- JSON: the metrics that are single numbers, by name
    metadata   TEXT,                   -- JSON: what was noted
    layout     INTEGER NOT NULL,       -- what stands in content
    content    BLOB NOT NULL           -- all metrics, to the last bit
);

-- What contents consist of: pytrees of arrays.
CREATE TABLE layouts (
    id   INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE          -- JSON
);

-- What was raised, each exception once.
CREATE TABLE errors (
    id        INTEGER PRIMARY KEY,
    type      TEXT NOT NULL,
    message   TEXT NOT NULL,
    traceback TEXT NOT NULL,
    record    TEXT NOT NULL UNIQUE     -- JSON: what makes the exception again
);

-- What a trial measured on its way.
CREATE TABLE measurements (
    trial   INTEGER NOT NULL,
    step    INTEGER NOT NULL,
    seconds REAL NOT NULL,             -- after the trial's start
    metrics TEXT NOT NULL,             -- JSON: numbers by name
    PRIMARY KEY (trial, step)
) WITHOUT ROWID;
"""
