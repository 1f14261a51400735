"""Measures of content: events, vacancies, blogs, articles."""

from schemas.lifecycles import load_lifecycles
from streams.entities import ContentItem
from streams.measures import NONE, Contributions, stock

WAITING = load_lifecycles()["events"].waiting_on
"""Statuses in which somebody has to act; the same for every kind of content."""


@stock("content_backlog", key=("content_type", "status"), values=("items",), history="content_backlog_1h")
def content_backlog(item: ContentItem) -> Contributions:
    """Content that waits for moderation or for its correction."""
    return [((item.content_type, item.status), (1,))] if item.status in WAITING else NONE
