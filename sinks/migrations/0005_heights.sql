-- claims that stay true: this table holds this version of the partition; one that holds less was restored to an older state
CREATE TABLE heights (
    topic LowCardinality(String),
    partition UInt16,
    `table` LowCardinality(String),
    height UInt64
) ENGINE = ReplacingMergeTree(height) ORDER BY (topic, partition, `table`) $storage;
