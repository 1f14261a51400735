"""Measures of content: events, vacancies, blogs, articles."""

from collections.abc import Iterator

from schemas.lifecycles import load_lifecycles
from streams.entities import ContentItem
from streams.measures import Contribution, stock

WAITING = load_lifecycles()["events"].waiting_on
"""Statuses in which somebody has to act; the same for every kind of content."""


@stock("content_backlog", key=("content_type", "status"), values=("items",), history="content_backlog_1h")
def content_backlog(item: ContentItem) -> Iterator[Contribution]:
    """Content that waits for moderation or for its correction."""
    if item.status in WAITING:
        yield (item.content_type, item.status), (1,)
