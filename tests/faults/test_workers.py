"""Three workers of one group: each reads its partitions, one is killed, one leaves, and all stays exact."""

import time
from collections.abc import Collection

from confluent_kafka.admin import AdminClient

from connectors.kafka import kafka_config
from streams.agents.app import SESSION_SECONDS
from tests.faults.invariants import assert_consistent, begin
from tests.pipeline.pipeline import Pipeline, Worker, until

RATE = 15.0
SEED = 20_261_201

Owned = dict[str, frozenset[tuple[str, int]]]


def owned(pipeline: Pipeline) -> Owned:
    """What Kafka has assigned, by the id of the worker."""
    admin = AdminClient(kafka_config(pipeline.settings))
    group = pipeline.settings.group
    described = admin.describe_consumer_groups([group])[group].result(30)
    return {
        member.client_id.partition("~")[0]: frozenset(
            (p.topic, p.partition) for p in member.assignment.topic_partitions
        )
        for member in described.members
    }


def reading(worker: Worker) -> int:
    """How many partitions it reads; 0 while it still loads some."""
    loading = worker.metric("techhub_worker_partitions", state="loading")
    return 0 if loading else int(worker.metric("techhub_worker_partitions", state="reading"))


def share(pipeline: Pipeline, workers: Collection[Worker]) -> bool:
    """Whether each of them reads what Kafka has assigned to it, and together they read everything."""
    by_id = {worker.settings.worker_id: reading(worker) for worker in workers}
    assigned = {name: len(partitions) for name, partitions in owned(pipeline).items()}
    everything = sum(table.partitions for table in pipeline.contract.tables.values())
    return all(by_id.values()) and by_id == assigned and sum(by_id.values()) == everything


def restarted(pipeline: Pipeline, worker: Worker, workers: Collection[Worker]) -> bool:
    """Kills its process and waits until its next one reads; whether it certainly stayed a member of the group."""
    seen: list[Owned] = []

    def back() -> bool:
        seen.append(owned(pipeline))
        return worker.metric("techhub_worker_restarts_total") == 1 and share(pipeline, workers)

    began = time.monotonic()
    worker.kill()
    until(back, "the next process reads the partitions")
    return time.monotonic() - began < SESSION_SECONDS and all(worker.settings.worker_id in members for members in seen)


def epochs(*workers: Worker) -> list[float]:
    return [worker.metric("techhub_worker_epoch") for worker in workers]


def test_of_three_workers_one_is_killed_and_one_leaves_and_nothing_is_lost_or_doubled(pipeline: Pipeline) -> None:
    begin(pipeline)
    first = pipeline.worker
    with pipeline.beside(1) as second, pipeline.beside(2) as third:
        with pipeline.load(RATE, None, SEED):
            second.start()
            third.start()
            until(lambda: share(pipeline, (first, second, third)), "three workers share the partitions")
            before, others = owned(pipeline), epochs(first, third)
            # on a busy machine its session may be over before its next process is there
            if restarted(pipeline, second, (first, second, third)):
                assert owned(pipeline) == before
                assert epochs(first, third) == others, "the others were disturbed"
            assert third.stop()[0] == 0
            until(lambda: share(pipeline, (first, second)), "the others read the partitions of the one that left")
            pipeline.settle()
        assert_consistent(pipeline)
        assert second.stop()[0] == 0
        until(lambda: share(pipeline, (first,)), "the first reads all partitions again")
