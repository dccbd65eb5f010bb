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

-- What each change of a shard said of it; the views below show it.
CREATE TABLE shard_changes (
    revision               INTEGER PRIMARY KEY,
    namespace              TEXT NOT NULL,
    shard_id               TEXT NOT NULL,
    strategy_id            TEXT NOT NULL,
    owner_node_id          TEXT NOT NULL,
    previous_owner_node_id TEXT,
    change_ticket          TEXT,
    ownership_delta_percent REAL,
    metadata               TEXT
);
CREATE INDEX shard_changes_by_shard ON shard_changes (namespace, shard_id, revision);

-- Shards and their history, in the columns that tools know already. Times have seven digits.
CREATE VIEW shard_records AS SELECT
    record ->> '$.data.namespace' AS namespace,
    record ->> '$.data.shardId' AS shard_id,
    record ->> '$.data.strategyId' AS strategy_id,
    record ->> '$.data.ownerNodeId' AS owner_node_id,
    record ->> '$.data.leaderId' AS leader_id,
    CAST(record ->> '$.data.capacityHint' AS REAL) AS capacity_hint,
    CASE record ->> '$.data.status'
        WHEN 'active' THEN 0 WHEN 'draining' THEN 1 WHEN 'paused' THEN 2 WHEN 'disabled' THEN 3
    END AS status,
    generation AS version,
    checksum,
    CASE length(updated_at)
        WHEN 20 THEN substr(updated_at, 1, 19) || '.0000000+00:00'
        ELSE substr(updated_at, 1, 27) || '+00:00'
    END AS updated_at,
    record ->> '$.data.changeTicket' AS change_ticket
FROM records WHERE kind = 'shard';

CREATE VIEW shard_history AS SELECT
    s.revision AS id,
    s.namespace,
    s.shard_id,
    c.generation AS version,
    s.strategy_id,
    s.owner_node_id,
    s.previous_owner_node_id,
    c.actor,
    c.reason,
    s.change_ticket,
    s.ownership_delta_percent,
    s.metadata,
    CASE length(c.time)
        WHEN 20 THEN substr(c.time, 1, 19) || '.0000000+00:00'
        ELSE substr(c.time, 1, 27) || '+00:00'
    END AS created_at
FROM shard_changes AS s JOIN changes AS c USING (revision);
