"""The model of PostgreSQL and of the connector: rows, their committed changes, and the log that the relay makes.

The relay may rewind after a crash (older changes come again, at higher offsets), read rows again (snapshots), lose
changes (a lost slot), and pass on the deletes of a repair, late. What it sends reaches each partition by itself, and
one of them may be slow, so a heartbeat may overtake changes that were committed before it.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import msgspec

from schemas.rows import Partition

STATUSES: Final = ("draft", "sent", "correction", "approved", "success", "rejected", "odd")
ENTITIES: Final = 4
SECOND: Final = 1_000_000
encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Commit:
    """One committed change of a row: `status` is None for a delete."""

    entity: int
    operation: str
    status: str | None
    service: str
    assignee: int | None
    lsn: int
    at: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What the log shows for the first time: a commit, or a snapshot read (`read`), or the delete of a repair."""

    commit: Commit
    kind: str


@dataclass(slots=True)
class Shown:
    """A commit that the relay has read for the first time, or what the first snapshot read: its place among the
    commits, and its offset once it is in the log."""

    place: int
    partition: Partition
    at: int
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Heart:
    """A heartbeat, and how many commits were before it."""

    place: int
    at: int


@dataclass(frozen=True, slots=True)
class Record:
    """As Kafka gives it."""

    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int = 0


@dataclass(slots=True)
class Source:
    """Rows and every change of them, in commit order."""

    commits: list[Commit] = field(default_factory=list)
    rows: dict[int, Commit] = field(default_factory=dict)

    @property
    def now(self) -> int:
        return self.commits[-1].at if self.commits else SECOND

    @property
    def lsn(self) -> int:
        return 2 * len(self.commits) + 1

    def commit(self, draw: int) -> None:
        """Some inserts wait for another transaction's delete of their key: logged before it, committed after it."""
        draw, slow = divmod(draw, 5)
        last = self.commits[-1] if self.commits else None
        at = self.now + (1200 * SECOND if slow == 0 else SECOND)
        draw, entity = divmod(draw, ENTITIES)
        draw, again = divmod(draw, 4)
        waited = last is not None and last.status is None and again < 2
        if last is not None and waited:
            entity = last.entity
        draw, kind = divmod(draw, 3)
        lsn = self.lsn + 1
        if entity in self.rows and kind == 0:
            self.append(Commit(entity, "delete", None, "", None, lsn, at))
            return
        if last is not None and waited and again == 0:
            lsn = last.lsn - 1
        draw, status = divmod(draw, len(STATUSES))
        draw, service = divmod(draw, 2)
        operation = "update" if entity in self.rows else "create"
        assignee = (None, 7, 8)[draw % 3]
        self.append(Commit(entity, operation, STATUSES[status], "AB"[service], assignee, lsn, at))

    def append(self, commit: Commit) -> None:
        self.commits.append(commit)
        if commit.status is None:
            self.rows.pop(commit.entity, None)
        else:
            self.rows[commit.entity] = commit


@dataclass(slots=True)
class Relay:
    """Debezium, and what it has made of the commits; `seen` is by partition, and each commit is in it once."""

    source: Source
    topic: str
    partitions: int
    logs: dict[Partition, list[Record]] = field(init=False)
    begins: dict[Partition, int] = field(init=False)
    seen: dict[Partition, list[Seen]] = field(init=False)
    start: int | None = None
    """Where capture began, or went on after a loss: no rewind goes further back."""
    position: int = 0
    top: int = 0
    shown: dict[int, Commit] = field(default_factory=dict)
    """The rows as the log has shown them."""
    delayed: list[Commit] = field(default_factory=list)
    """Deletes of a repair that are on their way."""
    sent: dict[Partition, list[tuple[bytes, bytes, Shown | None]]] = field(init=False)
    """On the way to each partition."""
    slow: Partition | None = None
    """Its leader is: nothing arrives there."""
    first: list[Shown] = field(default_factory=list)
    stored: int = 0
    hearts: list[Heart] = field(default_factory=list)
    lost: bool = False
    poison: Counter[Partition] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        names = [Partition(self.topic, number) for number in range(self.partitions)]
        self.logs = {name: [] for name in names}
        self.begins = dict.fromkeys(names, 0)
        self.seen = {name: [] for name in names}
        self.sent = {name: [] for name in names}

    @property
    def caught_up(self) -> bool:
        return self.start is not None and self.position == len(self.source.commits)

    def place(self, entity: int) -> Partition:
        return Partition(self.topic, entity % self.partitions)

    def step(self, number: int) -> None:
        """The initial snapshot, then the next commits."""
        if self.start is None:
            self.start = self.position = self.top = len(self.source.commits)
            for row in list(self.source.rows.values()):
                self.read(row, Shown(0, self.place(row.entity), row.at))
        for commit in self.source.commits[self.position : self.position + number]:
            self.position += 1
            shown = None
            if self.position > self.top:
                self.top = self.position
                self.show(commit, "stream")
                shown = Shown(self.position - 1, self.place(commit.entity), commit.at)
            self.write(commit, commit.operation, commit.lsn, commit.at, shown=shown)

    def arrive(self, draw: int = -1) -> None:
        """What was sent to some partitions, or to all, is in the log."""
        for number, (partition, sent) in enumerate(self.sent.items()):
            if partition == self.slow or not draw >> number & 1:
                continue
            log = self.logs[partition]
            for key, value, shown in sent:
                if shown is not None:
                    shown.offset = len(log)
                log.append(Record(len(log), key, value))
            sent.clear()

    def store(self) -> None:
        """Connect stores a position once everything before it was acknowledged."""
        acknowledged = min([self.position, *(shown.place for shown in self.first if shown.offset is None)])
        self.stored = max(self.stored, acknowledged)

    def heartbeats(self) -> list[Heart]:
        """Those that the relay has read come through the log; and the next is committed."""
        through = [heart for heart in self.hearts if heart.place <= self.position]
        self.hearts = [*self.hearts[len(through) :], Heart(len(self.source.commits), self.source.now)]
        return through

    def unwritten(self, partition: Partition, until: int, mark: int) -> bool:
        """Whether something of the partition that was committed by then is not below this offset of its log."""
        read = (shown for shown in self.first if shown.partition == partition and shown.at <= until)
        unread = self.source.commits[self.top :]
        return any(shown.offset is None or shown.offset >= mark for shown in read) or any(
            commit.at <= until and self.place(commit.entity) == partition for commit in unread
        )

    def rewind(self, number: int) -> bool:
        before = self.position
        self.position = max(self.start or 0, self.position - number)
        return self.position < before

    def lose(self, number: int) -> None:
        """The slot is moved ahead: these changes never come."""
        if self.start is not None and self.position == self.top and not self.delayed:
            self.start = self.top = self.position = min(len(self.source.commits), self.position + number)
            self.lost = True

    def read(self, row: Commit, shown: Shown | None = None) -> None:
        """A snapshot read, of the row as the log's position has it."""
        at = self.source.commits[self.top - 1].at if self.top else SECOND
        self.show(row, "read")
        self.write(row, "read", 0, at, shown=shown)

    def read_again(self, draw: int) -> bool:
        """A row of an incremental snapshot; the connector leaves out those that change meanwhile."""
        found = sorted(self.source.rows) if self.caught_up else []
        if found:
            self.read(self.source.rows[found[draw % len(found)]])
        return bool(found)

    def doubt(self) -> int:
        """A repair finds rows that the source no longer has; its deletes carry this position and come later."""
        if not self.caught_up or self.delayed:
            return 0
        lsn, at = self.source.lsn, self.source.now
        gone = sorted(entity for entity in self.shown if entity not in self.source.rows)
        self.delayed += [Commit(entity, "delete", None, "", None, lsn, at) for entity in gone]
        return len(gone)

    def repair(self) -> None:
        for commit in self.delayed:
            self.show(commit, "repair")
            self.write(commit, "delete", commit.lsn, commit.at, "repair")
        self.delayed.clear()

    def show(self, commit: Commit, kind: str) -> None:
        self.seen[self.place(commit.entity)].append(Seen(commit, kind))
        known = self.shown.get(commit.entity)
        if commit.status is not None:
            self.shown[commit.entity] = commit
        elif kind != "repair" or (known is not None and known.at < commit.at):
            self.shown.pop(commit.entity, None)

    def write(
        self, commit: Commit, operation: str, lsn: int, at: int, snapshot: str | None = None, shown: Shown | None = None
    ) -> None:
        after = None if commit.status is None else {
            "id": commit.entity, "service_id": commit.service, "status": commit.status, "author_id": 1,
            "assignee_id": commit.assignee,
        }  # fmt: skip
        source = {"ts_us": at, "lsn": lsn or None, "snapshot": snapshot}
        value = {"op": "r" if operation == "read" else operation[0], "source": source, "after": after}
        self.sent[self.place(commit.entity)].append((encode({"id": commit.entity}), encode(value), shown))
        if shown is not None:
            self.first.append(shown)

    def corrupt(self, draw: int) -> None:
        partition = Partition(self.topic, draw % self.partitions)
        self.sent[partition].append((b"{}", (b"{", b"[]", b'{"op":"x"}')[draw % 3], None))
        self.poison[partition] += 1
