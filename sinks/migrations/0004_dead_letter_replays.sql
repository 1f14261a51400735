-- what came of dead letters that were sent again
CREATE TABLE dead_letter_replays (
    topic LowCardinality(String),
    partition UInt16,
    offset UInt64 COMMENT 'of the dead letter',
    outcome LowCardinality(String) COMMENT 'sent, applied, superseded, passed; unreadable, refused, gone: not sent',
    detail String,
    sent_offset Nullable(UInt64) COMMENT 'where it lies now',
    replayed_at DateTime64(6, 'UTC')
) ENGINE = ReplacingMergeTree(replayed_at) ORDER BY (topic, partition, offset) $storage;
