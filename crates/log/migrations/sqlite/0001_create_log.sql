-- Which releases read this file: the last row is that of `user_version`, and stays readable for
-- every later and earlier release.
CREATE TABLE format (version INTEGER PRIMARY KEY, since TEXT NOT NULL) STRICT;
INSERT INTO format VALUES (1, '0.1.0');

-- One row: where the log begins, its floor, and what the tables below have to add up to.
CREATE TABLE book (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;

CREATE TABLE batch (
    first INTEGER PRIMARY KEY,
    last INTEGER NOT NULL,
    chain BLOB NOT NULL,
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE snapshot (revision INTEGER PRIMARY KEY, attempt INTEGER NOT NULL, finish BLOB NOT NULL) STRICT;

-- A snapshot's own chunks have its attempt; those of an unfinished one have the next.
CREATE TABLE chunk (
    revision INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    number INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    UNIQUE (revision, attempt, number)
) STRICT;

CREATE TABLE artifact (id BLOB PRIMARY KEY, bytes BLOB NOT NULL) STRICT;

CREATE TABLE mark (name TEXT PRIMARY KEY, value BLOB NOT NULL, checksum BLOB NOT NULL) STRICT;
