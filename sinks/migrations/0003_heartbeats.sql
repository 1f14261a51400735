-- the newest heartbeat that a worker has looked at: a number that is missing in the log after it proves lost changes
CREATE TABLE heartbeats (
    topic LowCardinality(String),
    partition UInt16,
    offset UInt64,
    seq UInt64,
    committed_at DateTime64(6, 'UTC') COMMENT 'by the clock of the source',
    source_id String COMMENT 'system identifier / timeline of the source'
) ENGINE = ReplacingMergeTree(committed_at) ORDER BY (topic, partition) $storage;
