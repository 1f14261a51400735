-- announced times in which alerts on business figures are silent
CREATE TABLE maintenance (
    started_at DateTime64(6, 'UTC'),
    ends_at DateTime64(6, 'UTC') COMMENT 'always there: one that was forgotten ends by itself',
    announced_by String,
    reason String,
    _version UInt64 COMMENT 'wall clock, microseconds'
) ENGINE = ReplacingMergeTree(_version) ORDER BY started_at $storage;
