"""`techhub-cdc dead-letters ...`: records that could not be read. Keys and values are shown only when asked for."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track

from connectors.records import fetch
from ops.reconciliation import Mirror
from ops.replay import DONE, Letter, Outcome, Replay, letters
from ops.status import moment, reachable
from ops.target import settings_for
from schemas.contract import Contract, load_contract
from schemas.errors import Problem, Usage
from schemas.rows import Partition
from schemas.settings import Settings
from streams.plan import plans

Name = Annotated[str | None, typer.Option("--name", help="An embedded stack instead of the environment.")]
AsJson = Annotated[bool, typer.Option("--json", help="Report as JSON.")]
OfTable = Annotated[str | None, typer.Option("--table", help="Only those of this captured table.")]
PLACE = "TOPIC/PARTITION/OFFSET, as `dead-letters list` prints it."

out = Console(highlight=False, soft_wrap=True, markup=False)
app = typer.Typer(no_args_is_help=True, help="Records that could not be read: list, show, send again.")


def register(root: typer.Typer) -> None:
    root.add_typer(app, name="dead-letters")


@app.command("list", epilog="Example: techhub-cdc dead-letters list --open")
def list_command(
    table: OfTable = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only those that still need a hand.")] = False,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1)] = 1000,
    as_json: AsJson = False,
    name: Name = None,
) -> None:
    """Shows where each lies, why it could not be read, and what came of a replay; never what it holds."""
    settings = settings_for(name, "clickhouse_dsn")
    with reachable():
        found = letters(Mirror(settings), topic_of(settings, table), only_open=only_open, limit=limit)
    if as_json:
        typer.echo(json.dumps([document(letter) for letter in found], indent=2, default=str))
        return
    for letter in found:
        out.print(f"{letter.place}  {moment(letter.received_at)}  {letter.outcome or 'open'}  {letter.reason}")
    if not found:
        out.print("no dead letters")


@app.command("show", epilog="Example: techhub-cdc dead-letters show techhub.public.core_event/0/17")
def show_command(
    place: Annotated[str, typer.Argument(help=PLACE)],
    value: Annotated[bool, typer.Option("--value", help="Print key and value, which hold data of a row.")] = False,
    as_json: AsJson = False,
    name: Name = None,
) -> None:
    """Shows one: its reason, whether the log still holds it, how large it is, what came of a replay."""
    settings = settings_for(name, "clickhouse_dsn", "kafka_bootstrap")
    topic, partition, offset = parsed(place)
    with reachable():
        letter = at(letters(Mirror(settings), topic), partition, offset, place)
        record = fetch(settings, Partition(topic, partition), offset)
    shown: dict[str, Any] = {**document(letter), "in_log": record is not None}
    if record is not None:
        shown |= {"key_bytes": len(record.key or b""), "value_bytes": len(record.value or b"")}
    if record is not None and value:
        shown |= {"key": text(record.key), "value": text(record.value)}
    if as_json:
        typer.echo(json.dumps(shown, indent=2, default=str, ensure_ascii=False))
        return
    for key, item in shown.items():
        out.print(f"{key}: {'' if item is None else item}")


@app.command("replay", epilog="Example: techhub-cdc dead-letters replay --all --table core_event")
def replay_command(
    places: Annotated[list[str] | None, typer.Argument(help=PLACE)] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every one that still needs a hand.")] = False,
    table: OfTable = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait until a worker has read one.", min=1)] = 60.0,
    as_json: AsJson = False,
    name: Name = None,
) -> None:
    """Sends the original record again, to its partition, and says what came of it. What moved on since is not touched.

    Exit code 1 when one could not be applied. To be run after what wrote or read them wrongly was mended.
    """
    if bool(places) == everything:
        raise Usage("expected places as `techhub-cdc dead-letters list` prints them, or --all")
    settings = settings_for(name, "clickhouse_dsn", "kafka_bootstrap")
    contract = load_contract(settings.contract)
    with reachable():
        mirror = Mirror(settings)
        chosen = select(settings, mirror, places or [], table)
        replay = Replay(settings, plans(contract, settings), mirror, timeout)
        progress = Console(stderr=True, highlight=False)
        done = [
            (letter, replay.replay(letter))
            for letter in track(chosen, "replaying", console=progress, transient=True, disable=not progress.is_terminal)
        ]
    report(done, as_json)
    if left := sum(outcome.outcome not in DONE for _, outcome in done):
        raise Problem(f"{left} of {len(done)} dead letters could not be applied; the reason is beside each")


def select(settings: Settings, mirror: Mirror, places: list[str], table: str | None) -> list[Letter]:
    if not places:
        return letters(mirror, topic_of(settings, table), only_open=True)
    wanted = [(*parsed(place), place) for place in places]
    return [at(letters(mirror, topic), partition, offset, place) for topic, partition, offset, place in wanted]


def report(done: list[tuple[Letter, Outcome]], as_json: bool) -> None:
    if as_json:
        rows = [
            {"record": letter.place, "outcome": o.outcome, "detail": o.detail, "sent_offset": o.sent_offset}
            for letter, o in done
        ]
        typer.echo(json.dumps(rows, indent=2))
        return
    for letter, outcome in done:
        out.print(f"{letter.place}: {outcome.outcome}: {outcome.detail}")
    if not done:
        out.print("no dead letters are left to be replayed")


def topic_of(settings: Settings, table: str | None) -> str:
    if table is None:
        return ""
    contract: Contract = load_contract(settings.contract)
    if table not in contract.tables:
        raise Usage(f"{table} is not in the contract; expected one of {', '.join(contract.tables)}")
    return contract.topic(settings.topic_prefix, table)


def parsed(place: str) -> tuple[str, int, int]:
    topic, _, numbers = place.partition("/")
    partition, _, offset = numbers.partition("/")
    if not (topic and partition.isdigit() and offset.isdigit()):
        raise Usage(f"{place}: expected TOPIC/PARTITION/OFFSET, such as techhub.public.core_event/0/17")
    return topic, int(partition), int(offset)


def at(found: list[Letter], partition: int, offset: int, place: str) -> Letter:
    for letter in found:
        if (letter.partition, letter.offset) == (partition, offset):
            return letter
    raise Problem(f"there is no dead letter {place}; `techhub-cdc dead-letters list` shows which there are")


def document(letter: Letter) -> dict[str, Any]:
    return {
        "record": letter.place,
        "reason": letter.reason,
        "received_at": letter.received_at,
        "replay": letter.outcome or None,
        "detail": letter.detail or None,
        "sent_offset": letter.sent_offset,
    }


def text(content: bytes | None) -> str | None:
    return None if content is None else content.decode("utf-8", "replace")
