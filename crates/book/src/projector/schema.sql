-- Tables for people and their tools. Deedbook never reads them; deleting the file loses nothing.
CREATE TABLE projection (
    version  INTEGER NOT NULL,
    lineage  TEXT NOT NULL,
    revision INTEGER NOT NULL,
    chain    TEXT NOT NULL
);

-- Every live record as it is now. `record` is the envelope as JSONB: record ->> '$.data.owner'.
-- It is JSON's null where a later release nests it deeper than SQLite reads.
CREATE TABLE records (
    kind       TEXT NOT NULL,
    key        TEXT NOT NULL,
    uuid       TEXT,
    name       TEXT,
    version    TEXT,
    version_major INTEGER,
    version_minor INTEGER,
    version_patch INTEGER,
    prerelease TEXT,
    type       TEXT,
    lifecycle  TEXT,
    namespace  TEXT,
    generation INTEGER NOT NULL,
    revision   INTEGER NOT NULL,
    checksum   TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    record     BLOB NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE INDEX records_by_uuid ON records (uuid) WHERE uuid IS NOT NULL;
CREATE INDEX records_by_name ON records (name, version_major, version_minor, version_patch)
    WHERE name IS NOT NULL;
CREATE INDEX records_by_lifecycle ON records (lifecycle) WHERE lifecycle IS NOT NULL;

CREATE TABLE record_tags (
    kind TEXT NOT NULL,
    key  TEXT NOT NULL,
    tag  TEXT NOT NULL,
    PRIMARY KEY (kind, key, tag)
) WITHOUT ROWID;
CREATE INDEX record_tags_by_tag ON record_tags (tag);

-- Every change, from the floor on when the tables were made anew.
CREATE TABLE changes (
    revision      INTEGER PRIMARY KEY,
    command_first INTEGER NOT NULL,
    command_last  INTEGER NOT NULL,
    time          TEXT NOT NULL,
    kind          TEXT NOT NULL,
    key           TEXT NOT NULL,
    verb          TEXT NOT NULL,
    generation    INTEGER NOT NULL,
    previous      INTEGER,
    actor         TEXT NOT NULL,
    reason        TEXT NOT NULL,
    ticket        TEXT,
    request_id    TEXT
);
CREATE INDEX changes_by_record ON changes (kind, key, revision);
