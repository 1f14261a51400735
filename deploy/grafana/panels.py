"""A query of the catalogue -> a panel: its kind chooses the visualisation, its columns units, names and thresholds."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from grafana_foundation_sdk.builders import barchart, common, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.models import common as options
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue

from deploy.grafana.source import SOURCE, Ask, Statement
from deploy.grafana.sql import panel_sql, projected
from sinks.catalogue import MEASURED, Column, Query, Threshold
from sinks.parameters import Default

Builder = Any
"""The SDK's panels share their methods, but no base class that has them."""

UNITS: Final = {"seconds": "s", "share": "percentunit", "tenge": "suffix: ₸"}
"""Grafana's names; other figures are plain numbers, and ids must not become 1.2 K."""
LANGUAGES: Final = ("ru", "kk", "en")
STATES: Final = {
    "live": "green", "idle": "green", "free": "green", "behind": "yellow", "stalled": "red", "in_use": "blue",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """A query on a dashboard: which columns of it (none: all), where its parameters are fixed, how wide and high."""

    query: str
    width: int = 12
    height: int = 8
    columns: tuple[str, ...] = ()
    values: Mapping[str, Default] = field(default_factory=dict)
    link: str | None = None
    """Where a click on the first column leads; `${__value.raw}` is its value."""
    last: str | None = None
    """A time range of its own, such as 30d, whatever the dashboard shows."""


@dataclass(frozen=True, slots=True)
class Place:
    """What all panels of a dashboard share."""

    zone: str
    language: str
    variables: tuple[str, ...]


def panel(query: Query, shown: Shown, place: Place) -> Builder:
    columns = {name: query.columns[name] for name in shown.columns or visible(query, place.language)}
    sql = panel_sql(query, place.zone, place.variables, shown.values)
    series = query.kind == "series"
    if list(columns) != list(query.columns):
        sql = projected(sql, (f"`{name}`" for name in columns), f"`{next(iter(columns))}`" if series else None)
    built = VISUALISATIONS[query.kind](columns)
    built.title(getattr(query.title, place.language)).description(query.answers)
    built.datasource(SOURCE).span(shown.width).height(shown.height)
    if shown.last:
        built.time_from(shown.last)
    built.with_target(Ask(Statement(sql, "timeseries" if series else "table")))
    for regexp, properties in overrides(query, columns, shown, place.language):
        built.override_by_regexp(regexp, properties)
    return built


def visible(query: Query, language: str) -> list[str]:
    """Every column but the titles in other languages."""
    others = tuple(f"_{other}" for other in LANGUAGES if other != language)
    return [name for name in query.columns if not name.endswith(others)]


def overrides(
    query: Query, columns: Mapping[str, Column], shown: Shown, language: str
) -> Iterator[tuple[str, list[DynamicConfigValue]]]:
    """Field by field: name, unit, thresholds, colours of states, link."""
    labels, figures = told_apart(query.kind, columns)
    for name, column in columns.items():
        if name in labels:
            continue
        words = getattr(column, language)
        if labels and name in figures:
            words = series_name(labels, words if len(figures) > 1 else "")
        properties = [DynamicConfigValue("displayName", words), DynamicConfigValue("unit", unit(column))]
        if name in query.thresholds:
            properties += threshold(query.kind, query.thresholds[name])
        if name == "state":
            properties.append(DynamicConfigValue("mappings", [states()]))
        if shown.link and name == next(iter(columns)):
            link = {"title": "Show the rows", "url": shown.link, "targetBlank": False}
            properties.append(DynamicConfigValue("links", [link]))
        yield f"/^{name}( |$)/", properties


def series_name(labels: list[str], words: str) -> str:
    """A series is called by its labels, with its figure before them where there are several."""
    joint = " → " if labels == ["from_status", "to_status"] else " "
    return f"{words} {joint.join(f'${{__field.labels.{label}}}' for label in labels)}".strip()


def told_apart(kind: str, columns: Mapping[str, Column]) -> tuple[list[str], list[str]]:
    """Labels that tell lines or rows of a chart apart, and what is drawn; a table has neither."""
    if kind == "timeline":
        return ["room"], ["booking_id"]
    if kind == "series":
        return [name for name in list(columns)[1:] if columns[name].unit in ("text", "id")], figures_of(columns)
    return [], []


def figures_of(columns: Mapping[str, Column]) -> list[str]:
    return [name for name, column in columns.items() if column.unit in MEASURED]


def unit(column: Column) -> str:
    if column.unit in ("instant", "day"):
        return "dateTimeAsLocal" if column.unit == "instant" else "time:YYYY-MM-DD"
    return UNITS.get(column.unit, "none" if column.unit not in MEASURED else "locale")


def threshold(kind: str, limits: Threshold) -> Iterator[DynamicConfigValue]:
    colours = ["green", "yellow", "red"]
    values = [None, limits.warning, limits.critical]
    if limits.below:
        colours, values = colours[::-1], [None, limits.critical, limits.warning]
    steps = [{"color": colour, "value": value} for colour, value in zip(colours, values, strict=True)]
    yield DynamicConfigValue("thresholds", {"mode": "absolute", "steps": steps})
    yield DynamicConfigValue("color", {"mode": "thresholds"})
    if kind == "table":
        yield DynamicConfigValue("custom.cellOptions", {"type": "color-text"})


def states() -> dict[str, Any]:
    return {"type": "value", "options": {text: {"color": colour, "text": text} for text, colour in STATES.items()}}


def stat_panel(columns: Mapping[str, Column]) -> Builder:
    chosen = common.ReduceDataOptions().calcs(["lastNotNull"]).values(False).fields("")
    built = stat.Panel().reduce_options(chosen).text_mode(options.BigValueTextMode.VALUE_AND_NAME)
    return built.graph_mode(options.BigValueGraphMode.NONE).no_value("unknown")


def table_panel(columns: Mapping[str, Column]) -> Builder:
    return table.Panel().show_header(True).cell_height(options.TableCellHeight.SM)


def bars_panel(columns: Mapping[str, Column]) -> Builder:
    """A bar chart names its bars by texts, so an id becomes one."""
    built = barchart.Panel().orientation(options.VizOrientation.HORIZONTAL)
    text = {"fields": {}, "conversions": [{"targetField": next(iter(columns)), "destinationType": "string"}]}
    return built.with_transformation(DataTransformerConfig("convertFieldType", options=text))


def series_panel(columns: Mapping[str, Column]) -> Builder:
    """What counts in a span is drawn as bars, what stands at an instant or is a mean as a line."""
    counted = {columns[name].unit for name in figures_of(columns)} & {"transitions", "changes", "records", "messages"}
    style = options.GraphDrawStyle.BARS if counted else options.GraphDrawStyle.LINE
    return timeseries.Panel().draw_style(style).fill_opacity(20).show_points(options.VisibilityMode.AUTO)


def timeline_panel(columns: Mapping[str, Column]) -> Builder:
    """A row a room: a frame of each, with start, end and what is in between."""
    split = {"fields": ["room"], "keepFields": False, "naming": {"asLabels": True}}
    built = statetimeline.Panel().show_value(options.VisibilityMode.AUTO).merge_values(False)
    return built.with_transformation(DataTransformerConfig("partitionByValues", options=split))


VISUALISATIONS: Final[Mapping[str, Callable[[Mapping[str, Column]], Builder]]] = {
    "stat": stat_panel,
    "table": table_panel,
    "bars": bars_panel,
    "series": series_panel,
    "timeline": timeline_panel,
}
