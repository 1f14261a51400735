"""Kafka: one node that is broker and controller."""

import shutil
import subprocess
import uuid
from base64 import urlsafe_b64encode

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.local.java import from_archive, java, keep_archive, properties, quick_start
from deploy.local.part import Part
from deploy.local.place import Place, answers, write_private
from deploy.local.processes import Launch
from schemas.errors import Problem

HEAP_MEGABYTES = 384


def settings(place: Place) -> dict[str, str]:
    broker, controller = place.ports["kafka"], place.ports["controller"]
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listeners": f"PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{broker}",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": str(place.directory / "kafka" / "log"),
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "offsets.topic.num.partitions": "1",
        "transaction.state.log.num.partitions": "1",
        "share.coordinator.state.topic.num.partitions": "1",
        # a test or a demonstration does not wait for more members
        "group.initial.rebalance.delay.ms": "0",
        # no record twice a second that says nothing: there is no other controller that would wait for it
        "metadata.max.idle.interval.ms": "0",
        # a topic that appears by itself has the wrong partitions and retention
        "auto.create.topics.enable": "false",
    }


def prepare(place: Place) -> None:
    """Writes the configuration and formats the log directory once."""
    folder = place.folder("kafka")
    configuration = folder / "broker.properties"
    write_private(configuration, properties(settings(place)))
    formatted, log = folder / "formatted", folder / "log"
    if formatted.exists():
        return
    shutil.rmtree(log, ignore_errors=True)  # an interrupted attempt
    cluster = urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode().replace("-", "a")
    options = from_archive("kafka")
    arguments = ("format", "-t", cluster, "-c", configuration)
    command = java("kafka.tools.StorageTool", *arguments, heap_megabytes=HEAP_MEGABYTES, more=options)
    done = subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Problem(f"kafka: its log directory could not be formatted\n{(done.stdout + done.stderr).strip()[-1500:]}")
    formatted.touch()


def launch(place: Place) -> Launch:
    folder = place.folder("kafka")
    options = quick_start(place, "kafka")
    return Launch(
        java("kafka.Kafka", folder / "broker.properties", heap_megabytes=HEAP_MEGABYTES, more=options), folder
    )


def healthy(place: Place) -> bool:
    """The broker is registered and answers for the cluster; its port opens earlier."""
    port = place.ports["kafka"]
    if not answers(port):
        return False
    admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{port}", "log_level": 0, "socket.timeout.ms": 2000})
    try:
        return bool(admin.list_topics(timeout=2).brokers)
    except KafkaException:
        return False


PART = Part(
    "kafka",
    ports=("kafka", "controller"),
    prepare=prepare,
    launch=launch,
    healthy=healthy,
    stopped=lambda place: keep_archive(place, "kafka"),
    unsaved=lambda: not from_archive("kafka"),
    stop_seconds=40.0,
)
