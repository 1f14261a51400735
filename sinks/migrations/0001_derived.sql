-- Every row that a stream writes carries the topic and partition it comes from and `_version`:
-- offset + 1 of the last event folded in. The highest version wins. Read these tables with FINAL.

-- entity rows: where an entity stands after the last event of it
CREATE TABLE requests (
    request_id Int64 CODEC(Delta, ZSTD(1)),
    status LowCardinality(String),
    since DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    since_observed Bool,
    service LowCardinality(String),
    author_id Nullable(Int64),
    company_id Nullable(Int64),
    assignee_id Nullable(Int64),
    expert_id Nullable(Int64),
    parent_id Nullable(Int64),
    created_at Nullable(DateTime64(6, 'UTC')),
    first_sent_at Nullable(DateTime64(6, 'UTC')),
    first_approved_at Nullable(DateTime64(6, 'UTC')),
    first_success_at Nullable(DateTime64(6, 'UTC')),
    closed_at Nullable(DateTime64(6, 'UTC')),
    corrections UInt32,
    _topic LowCardinality(String),
    _partition UInt16,
    _version UInt64 CODEC(Delta, ZSTD(1)),
    _lsn UInt64 CODEC(Delta, ZSTD(1)),
    _committed_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    _deleted UInt8
) ENGINE = ReplacingMergeTree(_version, _deleted) ORDER BY request_id $storage;

CREATE TABLE bookings (
    booking_id Int64 CODEC(Delta, ZSTD(1)),
    room_id Nullable(Int64),
    author_id Nullable(Int64),
    company_id Nullable(Int64),
    starts_at Nullable(DateTime64(6, 'UTC')),
    ends_at Nullable(DateTime64(6, 'UTC')),
    status LowCardinality(String),
    since DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    since_observed Bool,
    created_at Nullable(DateTime64(6, 'UTC')),
    cancelled_at Nullable(DateTime64(6, 'UTC')),
    _topic LowCardinality(String),
    _partition UInt16,
    _version UInt64 CODEC(Delta, ZSTD(1)),
    _lsn UInt64 CODEC(Delta, ZSTD(1)),
    _committed_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    _deleted UInt8
) ENGINE = ReplacingMergeTree(_version, _deleted) ORDER BY booking_id $storage;

-- facts: one row an event that changed a status. origin: snapshot (where it stood when capture saw it), stream, or
-- history (a row of the history table that only snapshot reads have seen; then _version is that row's id)
CREATE TABLE request_transitions (
    request_id Int64,
    lsn UInt64 CODEC(Delta, ZSTD(1)),
    from_status LowCardinality(String),
    to_status LowCardinality(String),
    at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    seconds_in_from Nullable(Float64),
    legal Bool,
    origin Enum8('snapshot' = 1, 'stream' = 2, 'history' = 3),
    service LowCardinality(String),
    author_id Nullable(Int64),
    company_id Nullable(Int64),
    assignee_id Nullable(Int64),
    expert_id Nullable(Int64),
    _topic LowCardinality(String),
    _partition UInt16,
    _version UInt64 CODEC(Delta, ZSTD(1))
) ENGINE = ReplacingMergeTree(_version) ORDER BY (at, request_id, _topic, _partition, _version) $storage;

CREATE TABLE booking_transitions (
    booking_id Int64,
    lsn UInt64 CODEC(Delta, ZSTD(1)),
    from_status LowCardinality(String),
    to_status LowCardinality(String),
    at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    seconds_in_from Nullable(Float64),
    legal Bool,
    origin Enum8('snapshot' = 1, 'stream' = 2, 'history' = 3),
    room_id Nullable(Int64),
    author_id Nullable(Int64),
    company_id Nullable(Int64),
    _topic LowCardinality(String),
    _partition UInt16,
    _version UInt64 CODEC(Delta, ZSTD(1))
) ENGINE = ReplacingMergeTree(_version) ORDER BY (at, booking_id, _topic, _partition, _version) $storage;

-- measures: absolute values of each (key, topic, partition); a figure is the sum over topics and partitions
CREATE TABLE request_backlog (
    service LowCardinality(String),
    status LowCardinality(String),
    assignee_id Int64,
    requests Int64,
    _topic LowCardinality(String),
    _partition UInt16,
    _version UInt64
) ENGINE = ReplacingMergeTree(_version) ORDER BY (service, status, assignee_id, _topic, _partition) $storage;

-- the same differences filed under the hour of the event: net change of the backlog in that hour
CREATE TABLE request_backlog_1h (
    hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
    service LowCardinality(String),
    status LowCardinality(String),
    requests Int64,
    _topic LowCardinality(String),
    _partition UInt16,
    _version UInt64
) ENGINE = ReplacingMergeTree(_version) ORDER BY (hour, service, status, _topic, _partition) $storage;

CREATE TABLE request_flow_1h (
    hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
    service LowCardinality(String),
    from_status LowCardinality(String),
    to_status LowCardinality(String),
    transitions Int64,
    observed Int64 COMMENT 'transitions whose entry into from_status was observed',
    microseconds_in_from Int64 COMMENT 'sum over the observed ones',
    _topic LowCardinality(String),
    _partition UInt16,
    _version UInt64
) ENGINE = ReplacingMergeTree(_version) ORDER BY (hour, service, from_status, to_status, _topic, _partition) $storage;

CREATE TABLE room_hours (
    room_id Int64,
    hour DateTime64(0, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'wider than DateTime: a booking may have any year',
    booked_microseconds Int64 COMMENT 'overlapping bookings add up',
    bookings Int64,
    _topic LowCardinality(String),
    _partition UInt16,
    _version UInt64
) ENGINE = ReplacingMergeTree(_version) ORDER BY (room_id, hour, _topic, _partition) $storage;

CREATE TABLE activity_1m (
    minute DateTime('UTC') CODEC(Delta, ZSTD(1)),
    domain LowCardinality(String),
    `table` LowCardinality(String),
    operation LowCardinality(String),
    changes Int64,
    _topic LowCardinality(String),
    _partition UInt16,
    _version UInt64
) ENGINE = ReplacingMergeTree(_version) ORDER BY (minute, domain, `table`, operation, _topic, _partition) $storage;

-- data quality: an issue is open until the event that mends it
CREATE TABLE dq_issues (
    rule LowCardinality(String),
    entity LowCardinality(String) COMMENT 'the source table',
    entity_id String,
    detail String,
    detected_at DateTime64(6, 'UTC'),
    resolved_at Nullable(DateTime64(6, 'UTC')),
    _topic LowCardinality(String),
    _partition UInt16,
    _version UInt64
) ENGINE = ReplacingMergeTree(_version) ORDER BY (rule, entity, entity_id) $storage;

CREATE TABLE dead_letters (
    topic LowCardinality(String),
    partition UInt16,
    offset UInt64,
    reason String,
    received_at DateTime64(3, 'UTC') COMMENT 'Kafka timestamp of the record',
    key String,
    value String COMMENT 'as the connector wrote it, capped'
) ENGINE = ReplacingMergeTree ORDER BY (topic, partition, offset) $storage;

-- how far the log is in this database: everything below next_offset
CREATE TABLE watermarks (
    topic LowCardinality(String),
    partition UInt16,
    next_offset UInt64,
    lsn UInt64,
    committed_at DateTime64(6, 'UTC') COMMENT 'commit of the last change folded in; 1970 before the first',
    topic_id String,
    partitions UInt16,
    source_id String COMMENT 'system identifier / timeline of the source; empty before the first heartbeat',
    fingerprint String COMMENT 'of contract, lifecycles and measures'
) ENGINE = ReplacingMergeTree(next_offset) ORDER BY (topic, partition) $storage;

-- a claim that stays true: all that the source had committed by seen_until is in this database
CREATE TABLE seen_until (
    topic LowCardinality(String),
    partition UInt16,
    seen_until DateTime64(6, 'UTC')
) ENGINE = ReplacingMergeTree(seen_until) ORDER BY (topic, partition) $storage;

-- a table whose figures may miss changes, until it is repaired
CREATE TABLE resync_required (
    `table` LowCardinality(String),
    reason String,
    command String,
    required_at DateTime64(6, 'UTC'),
    resolved_at Nullable(DateTime64(6, 'UTC')),
    _version UInt64 COMMENT 'wall clock, microseconds'
) ENGINE = ReplacingMergeTree(_version) ORDER BY `table` $storage;

CREATE TABLE worker_events (
    at DateTime64(6, 'UTC'),
    worker LowCardinality(String),
    event LowCardinality(String),
    detail String
) ENGINE = MergeTree ORDER BY at;
