-- content of four captured tables: content_type says which
CREATE TABLE content_items (
    content_type LowCardinality(String) COMMENT 'event, vacancy, blog, article',
    content_id Int64 CODEC(Delta, ZSTD(1)),
    status LowCardinality(String),
    since DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    since_observed Bool,
    author_id Nullable(Int64),
    company_id Nullable(Int64),
    organization_id Nullable(Int64),
    published Nullable(Bool),
    created_at Nullable(DateTime64(6, 'UTC')),
    first_sent_at Nullable(DateTime64(6, 'UTC')),
    first_published_at Nullable(DateTime64(6, 'UTC')),
    closed_at Nullable(DateTime64(6, 'UTC')),
    _topic LowCardinality(String),
    _partition UInt16,
    _version UInt64 CODEC(Delta, ZSTD(1)),
    _lsn UInt64 CODEC(Delta, ZSTD(1)),
    _committed_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    _deleted UInt8
) ENGINE = ReplacingMergeTree(_version, _deleted) ORDER BY (content_type, content_id) $storage;

CREATE TABLE content_transitions (
    content_type LowCardinality(String),
    content_id Int64,
    lsn UInt64 CODEC(Delta, ZSTD(1)),
    from_status LowCardinality(String),
    to_status LowCardinality(String),
    at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    seconds_in_from Nullable(Float64),
    legal Bool,
    origin Enum8('snapshot' = 1, 'stream' = 2, 'history' = 3),
    author_id Nullable(Int64),
    company_id Nullable(Int64),
    organization_id Nullable(Int64),
    _topic LowCardinality(String),
    _partition UInt16,
    _version UInt64 CODEC(Delta, ZSTD(1))
) ENGINE = ReplacingMergeTree(_version) ORDER BY (at, content_type, content_id, _topic, _partition, _version) $storage;

CREATE TABLE content_backlog (
    content_type LowCardinality(String),
    status LowCardinality(String),
    items Int64,
    _topic LowCardinality(String),
    _partition UInt16,
    _version UInt64
) ENGINE = ReplacingMergeTree(_version) ORDER BY (content_type, status, _topic, _partition) $storage;

-- net change of the backlog in each hour
CREATE TABLE content_backlog_1h (
    hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
    content_type LowCardinality(String),
    status LowCardinality(String),
    items Int64,
    _topic LowCardinality(String),
    _partition UInt16,
    _version UInt64
) ENGINE = ReplacingMergeTree(_version) ORDER BY (hour, content_type, status, _topic, _partition) $storage;

CREATE TABLE companies (
    company_id Int64 CODEC(Delta, ZSTD(1)),
    status LowCardinality(String),
    since DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    since_observed Bool,
    created_at Nullable(DateTime64(6, 'UTC')),
    blocked_at Nullable(DateTime64(6, 'UTC')),
    _topic LowCardinality(String),
    _partition UInt16,
    _version UInt64 CODEC(Delta, ZSTD(1)),
    _lsn UInt64 CODEC(Delta, ZSTD(1)),
    _committed_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    _deleted UInt8
) ENGINE = ReplacingMergeTree(_version, _deleted) ORDER BY company_id $storage;

CREATE TABLE company_transitions (
    company_id Int64,
    lsn UInt64 CODEC(Delta, ZSTD(1)),
    from_status LowCardinality(String),
    to_status LowCardinality(String),
    at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    seconds_in_from Nullable(Float64),
    legal Bool,
    origin Enum8('snapshot' = 1, 'stream' = 2, 'history' = 3),
    _topic LowCardinality(String),
    _partition UInt16,
    _version UInt64 CODEC(Delta, ZSTD(1))
) ENGINE = ReplacingMergeTree(_version) ORDER BY (at, company_id, _topic, _partition, _version) $storage;
