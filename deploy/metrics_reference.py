"""The declared metrics -> the text of docs/metrics-reference.md: `python -m deploy.metrics_reference`."""

from collections.abc import Iterator, Sequence

from schemas.metrics import SERVE, SOURCE, WORKER, Metric
from sinks.catalogue import load_catalogue

HEAD = """\
# Metrics

Made from `schemas/metrics.py` by `python -m deploy.metrics_reference`. What the figures of the views mean is in
[metrics.md](metrics.md); this is what Prometheus reads.
"""
SECTIONS: Sequence[tuple[str, str, Sequence[Metric]]] = (
    (
        "Worker",
        "`GET /metrics` of each worker that has `TECHHUB_METRICS_PORT`. Nothing is counted once a change, only once a "
        "batch, insert and flush; the rest is read off when somebody asks.",
        WORKER,
    ),
    (
        "Source",
        "`GET /metrics` of `techhub-cdc serve`, where `TECHHUB_POSTGRES_DSN` is set for it.",
        SOURCE,
    ),
    (
        "Figures",
        "`GET /metrics` of `techhub-cdc serve`. They are read when somebody asks; what cannot be read is not told.",
        SERVE,
    ),
)


def lines() -> Iterator[str]:
    yield HEAD
    for title, place, metrics in SECTIONS:
        yield f"## {title}\n\n{place}\n"
        yield "| metric | kind | labels | meaning | what to do |\n|---|---|---|---|---|"
        for metric in metrics:
            labels = ", ".join(metric.labels)
            yield f"| `{metric.name}` | {metric.kind} | {labels} | {metric.meaning} | {metric.remedy} |"
        yield ""
    yield from figures()


def figures() -> Iterator[str]:
    """Those that the catalogue's queries declare."""
    yield "| metric | labels | value | query | what it answers |\n|---|---|---|---|---|"
    for query in load_catalogue().values():
        for metric in query.metrics:
            meaning = query.columns[metric.value].meaning
            row = (f"`{metric.name}`", ", ".join(metric.labels), meaning, f"`{query.name}`", query.answers)
            yield f"| {' | '.join(row)} |"
    yield ""


def text() -> str:
    return "\n".join(lines())


if __name__ == "__main__":
    print(text(), end="")
