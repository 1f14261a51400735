"""A scenario: a script of actions against the real engine, folds, loading and writer; then everything heals, and what
is in the sink must be exact within a bounded number of steps.

A script is data: each action carries its own number, so that it means nearly the same when others are left out.
"""

import asyncio
import logging
import random
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final, NoReturn

from schemas.contract import load_contract
from schemas.rows import DEAD_LETTERS, SEEN_UNTIL, WATERMARKS, Partition, Row, RowTable
from schemas.settings import Settings
from sinks.writer import Writer
from streams import fold
from streams.agents import engine, exits
from streams.measures import HOUR
from streams.plan import plans
from streams.quality import DQ_ISSUES
from streams.resync import RESYNC_REQUIRED
from tests.simulation import oracle
from tests.simulation.clock import VirtualLoop
from tests.simulation.fleet import Kafka, Pulse, Worker
from tests.simulation.sink import ModelSink
from tests.simulation.source import Relay, Source

PLAN: Final = plans(load_contract(), Settings(topic_prefix="techhub"))["techhub.public.service_servicerequest"]
LIFECYCLE: Final = PLAN.table.lifecycle
assert LIFECYCLE is not None
LAST: Final = (WATERMARKS, SEEN_UNTIL)
SECOND: Final = (PLAN.table.mirror, LIFECYCLE.rows)
FIRST: Final = (
    DEAD_LETTERS, RESYNC_REQUIRED, DQ_ISSUES, LIFECYCLE.facts, *(measure.table for measure in PLAN.table.measures()),
)  # fmt: skip
KEYED: Final = replace(RESYNC_REQUIRED, owner=("table", "table"))
TABLES: Final[dict[str, RowTable]] = {t.name: t for t in (*LAST, *SECOND, *FIRST)} | {KEYED.name: KEYED}
BACKUP: Final = tuple(tuple(table.name for table in group) for group in (LAST, SECOND, FIRST))
KEPT: Final = tuple(table.name for table in (*LAST, DEAD_LETTERS, RESYNC_REQUIRED, DQ_ISSUES))
"""What no restore brings back where it is torn; `heights` do not speak of these."""
HEAL_STEPS: Final = 2_000

WEIGHTS: Final = {
    "commit": 14, "relay": 12, "fetch": 16, "deliver": 20, "sink": 30, "wait": 3, "calm": 10, "beat": 4, "store": 3,
    "slow": 2, "rewind": 5, "read_again": 1.5, "lose": 0.15, "doubt": 0.3, "repair": 0.5, "poison": 0.3, "kill": 3,
    "close": 0.5, "rebalance": 2, "pause": 1, "wake": 1, "cut_off": 0.7, "rejoin": 1, "backup": 4, "restore": 1,
    "broker": 0.3, "trim": 0.4, "trim_too_far": 0.05,
}  # fmt: skip
COUNTED: Final = frozenset({
    "rewind", "read_again", "lose", "doubt", "kill", "close", "rebalance", "pause", "wake", "cut_off", "restore",
    "broker", "trim", "trim_too_far", "poison",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Script:
    partitions: int
    workers: int
    forgetful: bool
    """Whether most hours leave memory, or none."""
    actions: tuple[tuple[str, int], ...]


def script(seed: int) -> Script:
    rnd = random.Random(seed)
    length = rnd.choice((40, 60, 80, 120))
    names = rnd.choices(list(WEIGHTS), list(WEIGHTS.values()), k=length)
    ahead = [("commit", rnd.getrandbits(30)) for _ in range(rnd.choice((0, 2, 6)))]
    actions = [*ahead, *((name, rnd.getrandbits(30)) for name in names)]
    return Script(rnd.randint(1, 3), rnd.choice((1, 2, 2, 3)), rnd.random() < 0.5, tuple(actions))


@dataclass(frozen=True, slots=True)
class Rules:
    """What a broken rule replaces."""

    make_writer: Callable[..., Writer] = Writer
    hide_tombstones: bool = False
    backup: tuple[tuple[str, ...], ...] = BACKUP


@dataclass(slots=True)
class World:
    script: Script
    rules: Rules
    left: list[str]
    """Why workers ended by themselves: none should."""
    source: Source = field(default_factory=Source)
    relay: Relay = field(init=False)
    kafka: Kafka = field(init=False)
    sink: ModelSink = field(init=False)
    workers: list[Worker] = field(init=False)
    torn: bool = False
    """Whether rows were restored without their watermarks."""
    trimmed: set[Partition] = field(default_factory=set)
    """Logs that may have lost what no watermark covers."""
    count: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.relay = Relay(self.source, PLAN.topic, self.script.partitions)
        self.kafka = Kafka(self.relay)
        self.sink = ModelSink(TABLES, self.rules.backup)
        self.sink.hide_tombstones = self.rules.hide_tombstones
        self.sink.arrived = self.honest
        self.workers = []
        for slot in range(self.script.workers):
            owned = [p for p in self.relay.logs if p.number % self.script.workers == slot]
            self.workers.append(self.worker(slot, owned))

    def worker(self, slot: int, owned: Any) -> Worker:
        return Worker(slot, self.kafka, self.sink, PLAN, self.rules.make_writer, owned)

    # -- actions ------------------------------------------------------------------------------------------------------

    def act(self, name: str, draw: int) -> Any:
        """False, 0 or None when there was nothing to do."""
        return getattr(self, f"do_{name}")(draw)

    def chosen(self, draw: int) -> Worker:
        return self.workers[draw % len(self.workers)]

    def do_commit(self, draw: int) -> None:
        self.source.commit(draw)

    def do_relay(self, draw: int) -> None:
        self.relay.step(1 + draw % 5)
        self.relay.arrive(draw // 5 | draw // 40)

    def do_slow(self, draw: int) -> None:
        """The leader of a partition is slow, or none is any more."""
        self.relay.slow = [None, *self.relay.logs][draw % (1 + self.script.partitions)]

    def do_rewind(self, draw: int) -> bool:
        return self.relay.rewind(1 + draw % 6)

    def do_read_again(self, draw: int) -> bool:
        return self.relay.read_again(draw)

    def do_lose(self, draw: int) -> bool:
        self.relay.lose(1 + draw % 3)
        return self.relay.lost

    def do_doubt(self, draw: int) -> int:
        return self.relay.doubt()

    def do_repair(self, draw: int) -> None:
        self.relay.repair()

    def do_poison(self, draw: int) -> bool:
        self.relay.corrupt(draw)
        return True

    def do_fetch(self, draw: int) -> bool:
        worker = self.chosen(draw)
        return not worker.link.paused and worker.consumer.fetch(draw // 7)

    def do_deliver(self, draw: int) -> bool:
        return self.chosen(draw).deliver()

    def do_sink(self, draw: int) -> None:
        for turn in range(1 + draw % 8):
            self.sink.step(draw // 8 + 7 * turn)

    async def do_wait(self, draw: int) -> None:
        await asyncio.sleep((0.05, 0.3, 1.0)[draw % 3])

    async def do_calm(self, draw: int) -> None:
        """A moment without faults: what is under way gets on."""
        for number in range(1 + draw % 4):
            self.relay.arrive()
            self.do_beat(draw)
            self.do_store(draw)
            await self.step(draw + number)

    def do_store(self, draw: int) -> None:
        """Connect stores a position."""
        self.relay.store()
        ends = {partition: len(log) for partition, log in self.relay.logs.items()}
        stored = self.relay.stored
        at = self.source.commits[stored - 1].at if stored else 0
        for pulse in self.pulses():
            pulse.position(stored, at, ends)

    def do_beat(self, draw: int) -> None:
        """Heartbeats come through the log."""
        for heart in self.relay.heartbeats():
            for pulse in self.pulses():
                pulse.beat(heart)

    def pulses(self) -> list[Pulse]:
        return [each.pulse for each in self.workers if each.pulse is not None and not each.link.paused]

    def do_kill(self, draw: int) -> bool:
        """And the same slot starts again, with the same partitions."""
        self.replace(self.chosen(draw))
        return True

    def replace(self, old: Worker) -> None:
        old.kill()
        made = self.worker(old.slot, old.consumer.owned)
        made.cut_off = old.cut_off
        self.workers[self.workers.index(old)] = made

    def do_close(self, draw: int) -> bool:
        worker = self.chosen(draw)
        if worker.link.paused:
            return False

        async def close() -> None:
            await worker.engine.close(8.0)
            if worker in self.workers:
                self.replace(worker)

        worker.spawn(close())
        return True

    def do_rebalance(self, draw: int) -> bool:
        members = [worker for worker in self.workers if worker.reachable]
        owned: dict[int, list[Partition]] = {worker.slot: [] for worker in members}
        for place, partition in enumerate(self.relay.logs):
            if members:
                owned[members[(draw >> 3 * place) % len(members)].slot].append(partition)
        for worker in members:
            worker.rebalance(owned[worker.slot])
        return bool(members)

    def do_pause(self, draw: int) -> bool:
        """SIGSTOP past the session timeout."""
        worker = self.chosen(draw)
        worker.link.paused = worker.cut_off = True
        self.do_rebalance(draw)
        return True

    def do_wake(self, draw: int) -> bool:
        """SIGCONT: it goes on with what it had, and writes late."""
        paused = [worker for worker in self.workers if worker.link.paused]
        for worker in paused:
            worker.link.wake()
        return bool(paused)

    def do_cut_off(self, draw: int) -> bool:
        self.chosen(draw).cut_off = True
        self.do_rebalance(draw)
        return True

    def do_rejoin(self, draw: int) -> None:
        for worker in self.workers:
            worker.cut_off = worker.link.paused
        self.do_rebalance(draw)

    def do_backup(self, draw: int) -> None:
        self.sink.back_up()

    def do_restore(self, draw: int) -> bool:
        """Now and then without the watermarks, which are newer than the rows then."""
        torn = draw % 3 == 0 and self.sink.whole
        if not self.sink.restore(KEPT if torn else ()):
            return False
        self.torn = self.torn or torn
        for worker in list(self.workers):
            self.replace(worker)
        return True

    def do_broker(self, draw: int) -> bool:
        self.kafka.down = not self.kafka.down
        return self.kafka.down

    def do_trim(self, draw: int) -> bool:
        """The log loses what is below every watermark."""
        for partition, mark in self.watermarks().items():
            self.relay.begins[partition] = max(self.relay.begins[partition], mark)
        return True

    def do_trim_too_far(self, draw: int) -> bool:
        partition = list(self.relay.logs)[draw % len(self.relay.logs)]
        self.relay.begins[partition] = len(self.relay.logs[partition])
        self.trimmed.add(partition)
        return True

    # -- what is seen -------------------------------------------------------------------------------------------------

    def watermarks(self) -> dict[Partition, int]:
        found = {Partition(row[0], row[1]): row[2] for row in self.sink.rows[WATERMARKS.name].values()}
        return {partition: found.get(partition, 0) for partition in self.relay.logs}

    def honest(self, table: str, row: Row) -> None:
        """Freshness is claimed only when all that was committed by then is durable."""
        if table == SEEN_UNTIL.name:
            partition = Partition(row[0], row[1])
            early = self.relay.unwritten(partition, row[2], self.watermarks()[partition])
            assert not early, "a claim before its rows"
            self.count["claims"] += 1

    def read(self) -> dict[Partition, int]:
        """How far the workers have read."""
        return {p: offset for worker in self.workers for p, offset in worker.engine.reading.next.items()}

    def converged(self) -> set[Partition]:
        """Where watermarks are newer than the rows, only what was read again to the end."""
        read, logs = self.read(), self.relay.logs
        ended = {p for p, mark in self.watermarks().items() if mark == len(logs[p])}
        return {p for p in ended if not self.torn or read.get(p) == len(logs[p])}

    def refused(self) -> set[Partition]:
        """Partitions whose log was trimmed too far for their watermark, or to be read again whole; only loudly. A late
        write may still bring the watermark there: then nothing is lost, but nobody reads it."""
        if not self.sink.rows[RESYNC_REQUIRED.name]:
            return set()
        begins, read = self.relay.begins, self.read()
        unread = {p for p in begins if p not in read and (p in self.trimmed or (self.torn and begins[p]))}
        return unread | {p for p, mark in self.watermarks().items() if mark < begins[p]}

    # -- the end ------------------------------------------------------------------------------------------------------

    async def heal(self) -> set[Partition]:
        """Everything works again; those that are paused or cut off come back late. Returns what must be exact."""
        self.kafka.down, self.sink.healthy, self.relay.slow = False, True, None
        late = [worker for worker in self.workers if not worker.reachable]
        self.workers = [worker for worker in self.workers if worker.reachable] or [self.worker(0, ())]
        self.relay.repair()
        self.relay.step(len(self.source.commits))
        self.relay.arrive()
        self.do_rebalance(1)
        await self.converge()
        for worker in late:
            worker.link.wake()
        healthy, self.workers = self.workers, [*self.workers, *late]
        for _ in range(10 if late else 0):
            await self.step(1)
        for worker in late:
            worker.kill()
        self.workers = healthy
        if self.relay.lost:
            self.mend()
        await self.converge()
        return self.converged()

    async def converge(self) -> None:
        for number in range(HEAL_STEPS):
            await self.step(number)
            idle = all(worker.engine.writer is not None and worker.engine.writer.idle for worker in self.workers)
            if idle and not self.sink.pending and self.converged() | self.refused() >= set(self.relay.logs):
                return
        raise AssertionError("did not converge")

    async def step(self, number: int) -> None:
        for worker in self.workers:
            if not worker.link.paused:
                for turn in range(3):
                    worker.consumer.fetch(number + turn)
                worker.deliver()
        while self.sink.step(number):
            pass
        await asyncio.sleep(0.1)
        self.check()

    def mend(self) -> None:
        """A repair, after changes were lost."""
        for entity, row in sorted(self.source.rows.items()):
            if self.relay.shown.get(entity) != row:
                self.relay.read(row)
        self.relay.doubt()
        self.relay.repair()
        self.relay.arrive()

    def check(self) -> None:
        assert not self.left, self.left[0]
        for worker in self.workers:
            worker.check()


async def play(world: World) -> None:
    for name, draw in world.script.actions:
        done = world.act(name, draw)
        if asyncio.iscoroutine(done):
            done = await done
        world.count["actions"] += 1
        if done and name in COUNTED:
            world.count[name] += 1
        await asyncio.sleep(0)
        world.check()
    exact = await world.heal()
    oracle.check(world.relay, world.sink.rows, exact)
    world.count["changes"] += len(world.source.commits)
    world.count["records"] += sum(map(len, world.relay.logs.values()))
    world.count["resync required"] += len(world.relay.logs) - len(exact)
    world.count += world.sink.count


LOOP: Final = VirtualLoop()


def run(found: Script, rules: Rules = Rules()) -> Counter[str]:
    """What happened; raises AssertionError when the rows differ from the source."""
    left: list[str] = []
    kept = fold.RETAINED, exits.leave, engine.SLICE
    fold.RETAINED, engine.SLICE = (HOUR // 4 if found.forgetful else 24 * HOUR), 2
    exits.leave = lambda code: leave(left, code)
    logging.disable(logging.CRITICAL)
    try:
        return LOOP.run_until_complete(lived(found, rules, left))
    finally:
        for task in asyncio.all_tasks(LOOP):
            task.cancel()
        LOOP.run_until_complete(asyncio.sleep(0))
        fold.RETAINED, exits.leave, engine.SLICE = kept
        logging.disable(logging.NOTSET)


async def lived(found: Script, rules: Rules, left: list[str]) -> Counter[str]:
    world = World(found, rules, left)
    await play(world)
    for worker in world.workers:
        worker.kill()
    return world.count


def leave(left: list[str], code: int) -> NoReturn:
    left.append(f"a worker left with {code}: {sys.exc_info()[1]!r}")
    raise asyncio.CancelledError
