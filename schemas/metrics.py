"""Every metric, declared once: its kind and labels, what it means and what to do when it is not as it should be.

Flows out: declarations. From them come the instruments of the processes that measure, docs/metrics-reference.md and
the names that alert rules may use. A label has few values that are known beforehand (tables, lanes, services).
"""

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["counter", "gauge", "histogram"]

LATENCY: Final = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 600.0)
"""Upper bounds, seconds."""


@dataclass(frozen=True, slots=True)
class Metric:
    """`name` is what Prometheus sees; `remedy` is what a person does."""

    name: str
    kind: Kind
    meaning: str
    remedy: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = LATENCY


WORKER: Final = (
    Metric(
        "techhub_worker_events_total", "counter", "Records read from the log and folded, or set aside.",
        "Stands still while the log moves: look at techhub_worker_ready and the worker's log.", ("table",),
    ),
    Metric(
        "techhub_worker_batches_total", "counter", "Batches of one partition that were folded.",
        "Events by batch show how far the worker is behind: batches of one are normal when it is not.",
    ),
    Metric(
        "techhub_worker_flush_seconds", "histogram",
        "A flush of a lane: 1 facts and measures, 2 entity and mirror rows, 3 watermarks.",
        "Grows with ClickHouse's load: look at its merges, disk and the number of parts.", ("lane",),
    ),
    Metric(
        "techhub_worker_rows_written_total", "counter", "Rows that ClickHouse acknowledged.",
        "Many more than events: a measure with too many keys.", ("table",),
    ),
    Metric(
        "techhub_worker_insert_retries_total", "counter", "Inserts that ClickHouse did not take, tried again.",
        "Nothing is lost; bring ClickHouse back, the worker's log has its answer.",
    ),
    Metric(
        "techhub_worker_dead_letters_total", "counter", "Records that cannot be read and were set aside.",
        "docs/operations.md, dead letters: find what writes them.", ("table",),
    ),
    Metric(
        "techhub_worker_rows_in_memory", "gauge", "Keys whose last state is in memory, tombstones included.",
        "Grows with the source. Give the worker more memory, or share the tables among more workers.", ("table",),
    ),
    Metric(
        "techhub_worker_lag_offsets", "gauge", "Records of the log that are not durable yet, as of the last heartbeat.",
        "Shrinks: it is catching up. Grows: too little CPU, or ClickHouse is slow.", ("table",),
    ),
    Metric(
        "techhub_worker_lag_seconds", "gauge", "Age of the instant up to which everything is in ClickHouse.",
        "No lag in offsets but in seconds: no heartbeats come; techhub-cdc connectors status.", ("table",),
    ),
    Metric(
        "techhub_worker_commit_to_consumed_seconds", "histogram",
        "From the commit in the source to the fold; of each batch the oldest streamed change.",
        "High alone: Debezium, Connect or Kafka are slow, or the worker is catching up.",
    ),
    Metric(
        "techhub_worker_consumed_to_written_seconds", "histogram",
        "From the fold until entity and mirror rows can be read in ClickHouse; of each batch.",
        "High alone: ClickHouse is slow; see techhub_worker_flush_seconds.",
    ),
    Metric(
        "techhub_worker_commit_to_written_seconds", "histogram",
        "From the commit in the source until it can be read in ClickHouse; of each batch the oldest streamed change.",
        "The two above say which half is slow.",
    ),
    Metric(
        "techhub_worker_heartbeat_age_seconds", "gauge",
        "Age of the newest heartbeat of the source that has come through Kafka; no sample before the first.",
        "Connector, Connect or PostgreSQL stand still: techhub-cdc connectors status.",
    ),
    Metric(
        "techhub_worker_restarts_total", "counter", "Worker processes that died and that the supervisor replaced.",
        "The log says how each ended. It goes on from the watermark, nothing is lost.",
    ),
    Metric(
        "techhub_worker_assignments_total", "counter", "Times that partitions were assigned to this process.",
        "Grows steadily: two live workers have one TECHHUB_WORKER_ID, or the group rebalances.",
    ),
    Metric("techhub_worker_epoch", "gauge", "Assignments and revocations so far.", "None by itself."),
    Metric(
        "techhub_worker_partitions", "gauge",
        "Partitions of this worker by state: reading, loading (state is being read), refused (RESYNC_REQUIRED).",
        "refused: docs/operations.md, RESYNC_REQUIRED.", ("state",),
    ),
    Metric(
        "techhub_worker_held", "gauge", "Changes that are folded and not yet below a watermark.",
        "At the limit: reading pauses until ClickHouse takes rows.",
    ),
    Metric("techhub_worker_held_limit", "gauge", "TECHHUB_WRITER_LIMIT.", "None by itself."),
    Metric(
        "techhub_worker_unavailable_seconds", "gauge", "How long ClickHouse has not taken rows; 0: it does.",
        "Bring ClickHouse back. The worker waits and goes on by itself.",
    ),
    Metric(
        "techhub_worker_stuck_seconds", "gauge",
        "How long the log of some partition has had more while its watermark did not move.",
        "At TECHHUB_STALL_SECONDS the process writes all stacks to its log and starts again. Keep that log.",
    ),
    Metric(
        "techhub_worker_ready", "gauge", "1: what /readyz says is yes.",
        "GET /readyz says in words what is missing.",
    ),
    Metric("process_resident_memory_bytes", "gauge", "Memory of the process.", "As techhub_worker_rows_in_memory."),
    Metric("process_cpu_seconds_total", "counter", "CPU time of the process.", "None by itself."),
)  # fmt: skip

SERVE: Final = (
    Metric(
        "techhub_figures_readable", "gauge", "1: ClickHouse answered, the figures are of now. 0: there are none.",
        "techhub-cdc status; bring ClickHouse back.",
    ),
    Metric(
        "techhub_query_failed", "gauge", "1: this query of the catalogue failed, its figures are missing.",
        "The log of serve says why. After an upgrade: techhub-cdc migrate.", ("query", "domain"),
    ),
    Metric(
        "techhub_samples_left_out", "gauge", "Samples of a metric beyond the limit of 500, which are not told.",
        "The metric's smallest values are left out; look at the view itself.", ("metric",),
    ),
)  # fmt: skip

SOURCE: Final = (
    Metric(
        "techhub_source_readable", "gauge", "1: PostgreSQL answered and the slot below is as it is now.",
        "No sample at all: serve has no TECHHUB_POSTGRES_DSN, and nobody looks at the slot.",
    ),
    Metric(
        "techhub_slot_lost", "gauge", "1: the replication slot is gone or invalidated, changes are being lost.",
        "docs/operations.md, capture lost changes.",
    ),
    Metric(
        "techhub_slot_active", "gauge", "1: the connector reads the slot.",
        "techhub-cdc connectors status; bring the connector back, the source's disk fills.",
    ),
    Metric(
        "techhub_slot_retained_bytes", "gauge", "WAL that the slot keeps on the source's disk.",
        "Shrinks by itself when the connector catches up.",
    ),
    Metric(
        "techhub_slot_unconfirmed_bytes", "gauge", "WAL that the connector has not confirmed yet.",
        "As techhub_slot_retained_bytes.",
    ),
    Metric(
        "techhub_slot_safe_bytes", "gauge", "WAL until PostgreSQL gives the slot up; no sample where it never does.",
        "Let the connector catch up, or raise max_slot_wal_keep_size.",
    ),
)  # fmt: skip

METRICS: Final = {metric.name: metric for metric in (*WORKER, *SERVE, *SOURCE)}
"""By name. The figures themselves are declared by their queries, in `sinks/queries`."""
