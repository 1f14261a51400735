"""Boards -> dashboards in Grafana's Classic JSON with stable uids and order: the same input, the same bytes.

Flows in: the catalogue, the reporting zone, the language, where runbooks are. Flows out: JSON texts by file name.
"""

import json
from collections.abc import Mapping
from itertools import count
from typing import Any, Final

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model

from deploy.grafana.boards import BOARDS, Board
from deploy.grafana.panels import Place, Shown, panel
from deploy.grafana.source import SOURCE, Ask, Statement
from deploy.grafana.sql import panel_sql, projected
from sinks.catalogue import Query

TAG: Final = "techhub"
RUNBOOKS: Final = "/public/runbooks"
"""Where the compose file serves the folder docs."""
ALL: Final = "/* all */"
"""Stands for no value in an array, so that All means all, also what has no name; the plugin strips comments."""
PERIODS: Final = "1 minute : 60, 10 minutes : 600, 1 hour : 3600, 1 day : 86400"
AGE: Final = "freshness_total"


def dashboards(
    catalogue: Mapping[str, Query], zone: str, language: str = "en", runbooks: str = RUNBOOKS
) -> dict[str, str]:
    """File name -> JSON."""
    built = ((board.uid, dashboard(board, catalogue, zone, language, runbooks)) for board in BOARDS)
    return {
        f"{uid}.json": json.dumps(each, cls=JSONEncoder, indent=1, ensure_ascii=False) + "\n" for uid, each in built
    }


def dashboard(board: Board, catalogue: Mapping[str, Query], zone: str, language: str, runbooks: str) -> model.Dashboard:
    place = Place(zone, language, board.variables)
    built = build.Dashboard(board.title).uid(board.uid).description(board.description).tags([TAG]).readonly()
    built.time(*board.span).timezone(zone).refresh("10s").tooltip(model.DashboardCursorSync.CROSSHAIR)
    built.variables([VARIABLES[name](catalogue, zone, language) for name in board.variables])
    built.annotations([annotation(each, catalogue, zone) for each in ANNOTATIONS])
    built.links(links(runbooks))
    numbers = count(1)
    built.with_panel(panel(catalogue[AGE], age(board, catalogue), place).id(next(numbers)))
    for row in board.rows:
        built.with_row(build.Row(row.title).id(next(numbers)))
        for shown in row.panels:
            built.with_panel(panel(catalogue[shown.query], shown, place).id(next(numbers)))
    return built.build()


def age(board: Board, catalogue: Mapping[str, Query]) -> Shown:
    """The panel on top: how old the tables are that this dashboard is made of; all of them for the pipeline's own."""
    tables = {table for row in board.rows for shown in row.panels for table in catalogue[shown.query].tables}
    return Shown(AGE, 24, 3, values={"tables": sorted(tables - {"pipeline"})})


class Link(Builder[model.DashboardLink]):
    """A link above the panels; the SDK's own would hide it in a menu."""

    def __init__(self, title: str, **fields: Any) -> None:
        self.link = model.DashboardLink(title, **fields)
        self.link.placement = None  # type: ignore[assignment]

    def build(self) -> model.DashboardLink:
        return self.link


def links(runbooks: str) -> list[Builder[model.DashboardLink]]:
    return [
        Link("Dashboards", type_val=model.DashboardLinkType.DASHBOARDS, tags=[TAG], keep_time=True),
        Link("What to do", url=f"{runbooks}/operations.md", icon="question", target_blank=True),
        Link("Alerts", url=f"{runbooks}/alerts.md", icon="bolt", target_blank=True),
        Link("What the figures mean", url=f"{runbooks}/metrics.md", icon="info", target_blank=True),
    ]


def listed(name: str, label: str, query: str, value: str, text: str) -> Any:
    """A variable that a query of the catalogue lists; the plugin reads a first column as value, a second as text."""

    def made(catalogue: Mapping[str, Query], zone: str, language: str) -> build.QueryVariable:
        asked = panel_sql(catalogue[query], zone, (), {})
        sql = projected(asked, (value, text.format(language=language)), "text")
        variable = build.QueryVariable(name).label(label).datasource(SOURCE).query(dict(Statement(sql).to_json()))
        variable.definition(f"{query} of the catalogue").refresh(model.VariableRefresh.ON_DASHBOARD_LOAD)
        return variable.multi(True).include_all(True).all_value(ALL).current(everything())

    return made


def everything() -> model.VariableOption:
    return model.VariableOption(True, ["All"], ["$__all"])


def types(_: Mapping[str, Query], zone: str, language: str) -> build.CustomVariable:
    variable = build.CustomVariable("type").label("Type").values("event, vacancy, blog, article")
    return variable.multi(True).include_all(True).all_value(ALL).current(everything())


def periods(_: Mapping[str, Query], zone: str, language: str) -> build.CustomVariable:
    chosen = model.VariableOption(True, "10 minutes", "600")
    return build.CustomVariable("period").label("Period").values(PERIODS).current(chosen)


VARIABLES: Final[Mapping[str, Any]] = {
    "service": listed("service", "Service", "service_titles", "service AS value", "title_{language} AS text"),
    "room": listed("room", "Room", "rooms_now", "toString(room_id) AS value", "room AS text"),
    "type": types,
    "period": periods,
}

ANNOTATIONS: Final = (
    ("Worker events", "worker_events", "purple", "at", "concat(worker, ' ', event, ' ', detail)", "event"),
    ("Data quality", "dq_recent", "orange", "detected_at", "concat(rule, ' ', entity, ' ', entity_id)", "rule"),
)
"""Name, query, colour, and what of it is time, text and tag."""


def annotation(each: tuple[str, ...], catalogue: Mapping[str, Query], zone: str) -> build.AnnotationQuery:
    title, query, colour, time, text, tags = each
    sql = projected(
        panel_sql(catalogue[query], zone, (), {}), (f"{time} AS time", f"{text} AS text", f"{tags} AS tags")
    )
    made = build.AnnotationQuery().name(title).datasource(SOURCE).enable(True).icon_color(colour)
    return made.target(Ask(Statement(sql, ref_id="annotation")))
