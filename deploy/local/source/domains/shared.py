"""Files, texts for search engines and templates. The log of text messages starts empty, as it is in the real one."""

from collections.abc import Iterator
from datetime import datetime
from random import Random

from deploy.local.source.base import CANARY, Base, Row, Table, document

FILES = ("shared_mediafile", "shared_protectedmediafile")
SMS_TYPES = ("activation", "activation", "password", "notification")


def tables(base: Base) -> Iterator[Table]:
    for name in FILES:
        yield Table(name, _files(base, name))
    yield Table("shared_contextdata", _contexts(base))
    yield Table("shared_seodata", _search_texts(base))


def media_file(random: Random, table: str, number: int, author: int | None, at: datetime) -> Row:
    return {
        "id": number,
        "author_id": author,
        "file": file_path(table.partition("_")[2], number),
        "name": CANARY,
        "size": int(4_000_000 * random.random()),
        "created_at": at,
    }


def file_path(folder: str, number: int) -> str:
    return f"{folder}/{number // 1000}/{CANARY}-{number}.pdf"


def text_message(random: Random, number: int, at: datetime) -> Row:
    return {
        "id": number,
        "phone": CANARY,
        "text": CANARY,
        "sms_type": random.choice(SMS_TYPES),
        "status": "sent" if random.random() < 0.97 else "failed",
        "created_at": at,
    }


def _files(base: Base, table: str) -> Iterator[Row]:
    random = base.random(table)
    for n, at in enumerate(base.instants(table), start=1):
        yield media_file(random, table, n, base.maybe(random, "account_user", 0.97), at)


def _contexts(base: Base) -> Iterator[Row]:
    for n, at in enumerate(base.instants("shared_contextdata"), start=1):
        yield {"id": n, "key": f"context-{n}", "data": document({"text": CANARY}), "created_at": at}


def _search_texts(base: Base) -> Iterator[Row]:
    for n, at in enumerate(base.instants("shared_seodata"), start=1):
        text = document({"ru": CANARY})
        yield {"id": n, "path": f"/page-{n}/", "title": text, "description": text, "created_at": at}
