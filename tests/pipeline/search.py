"""Where a text is: in any record of any topic, any column of ClickHouse, any file or log of the parts.

PostgreSQL's own files are left out: that is where everything belongs.
"""

import errno
import os
import stat
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from connectors.kafka import kafka_config
from deploy.local.postgres_home import find_home
from tests.pipeline.pipeline import Pipeline

CHUNK = 1 << 20
QUIET_SECONDS = 20.0


@dataclass(frozen=True)
class Found:
    place: str
    marker: bytes


def looked_for(place: str, content: bytes, markers: tuple[bytes, ...]) -> Iterator[Found]:
    for marker in markers:
        if marker in content:
            yield Found(place, marker)


def in_topics(pipeline: Pipeline, markers: tuple[bytes, ...]) -> list[Found]:
    """Every record of every topic: key, value and headers, as they are before compression."""
    consumer = Consumer(kafka_config(pipeline.settings, **{"group.id": "search", "enable.partition.eof": True}))
    try:
        topics = consumer.list_topics(timeout=20).topics
        places = [(name, number) for name, topic in topics.items() for number in topic.partitions]
        consumer.assign([TopicPartition(name, number, OFFSET_BEGINNING) for name, number in places])
        found: list[Found] = []
        left, records, quiet = set(places), 0, time.monotonic() + QUIET_SECONDS
        while left:
            # it waits as long as it may for as many as it may
            messages = consumer.consume(5000, timeout=0.5)
            if messages:
                quiet = time.monotonic() + QUIET_SECONDS
            assert time.monotonic() < quiet, f"nothing came, and not at the end of {left}"
            for message in messages:
                topic, partition = message.topic(), message.partition()
                assert topic is not None and partition is not None
                if message.error():
                    left.discard((topic, partition))
                    continue
                records += 1
                content = b"\0".join([message.key() or b"", message.value() or b"", repr(message.headers()).encode()])
                found += looked_for(f"{topic} at {message.offset()}", content, markers)
    finally:
        consumer.close()
    assert records > 1000
    return found


def in_columns(pipeline: Pipeline, markers: tuple[bytes, ...]) -> list[Found]:
    """Every column, of any type, of every table; old versions of rows too."""
    sql = (
        "SELECT table, name FROM system.columns WHERE database = currentDatabase() AND table IN "
        "(SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree')"
    )
    tables: dict[str, list[str]] = {}
    for table, column in pipeline.query(sql):
        tables.setdefault(table, []).append(column)
    assert set(pipeline.contract.tables) | {"dead_letters", "dq_issues", "worker_events"} <= set(tables)
    found = []
    counts = ", ".join(f"countIf(position(row, {{marker_{n}:String}}) > 0)" for n in range(len(markers)))
    parameters = {f"marker_{n}": marker.decode() for n, marker in enumerate(markers)}
    for table, columns in tables.items():
        row = ", ".join(f"toString(`{name}`)" for name in columns)
        sql = f"SELECT {counts} FROM (SELECT concat_ws('|', {row}) AS row FROM `{table}`)"
        (found_in,) = pipeline.query(sql, parameters)
        found += [Found(table, marker) for marker, count in zip(markers, found_in, strict=True) if count]
    return found


def in_files(pipeline: Pipeline, logs: Path, markers: tuple[bytes, ...]) -> list[Found]:
    """Every file of Kafka, Connect and ClickHouse and every log, as the bytes that they are.

    What a file held that went away meanwhile is in one that has come since: then those are looked through, too.
    """
    directory = pipeline.stack.directory
    left_out = (find_home(directory).data, directory / "secrets")
    found: list[Found] = []
    searched: set[Path] = set()
    gone = True
    while gone:
        new = {file for root in (directory, logs) for file in files(root, left_out)} - searched
        searched |= new
        gone = False
        for file in new:
            try:
                found += in_file(file, markers)
            except FileNotFoundError:
                gone = True
    return found


def files(root: Path, left_out: Collection[Path]) -> Iterator[Path]:
    for folder, _, names in os.walk(root):
        if not any(Path(folder).is_relative_to(each) for each in left_out):
            yield from (Path(folder, name) for name in names)


def in_file(file: Path, markers: tuple[bytes, ...]) -> Iterator[Found]:
    if not stat.S_ISREG(file.stat().st_mode):
        return
    with file.open("rb", buffering=0) as content:
        end, before = 0, b""
        while (start := data_after(content.fileno(), end)) is not None:
            if start > end:
                before = b""
            content.seek(start)
            chunk = content.read(CHUNK)
            if not chunk:
                return
            yield from looked_for(str(file), before + chunk, markers)
            end, before = start + len(chunk), (before + chunk)[-64:]


def data_after(number: int, place: int) -> int | None:
    """Where the file has bytes again: Kafka makes its indexes of holes, which is most of what its files are long."""
    try:
        return os.lseek(number, place, os.SEEK_DATA)
    except OSError as error:
        if error.errno == errno.ENXIO:
            return None
        raise
