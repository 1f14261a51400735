"""The data source, and the query that a panel, a variable or an annotation sends to it."""

from collections.abc import Mapping
from typing import Any, Final

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import DataSourceRef

PLUGIN: Final = "grafana-clickhouse-datasource"
PLUGIN_VERSION: Final = "4.20.0"
UID: Final = "techhub-clickhouse"
SOURCE: Final = DataSourceRef(type_val=PLUGIN, uid=UID)

FORMATS: Final = {"timeseries": 0, "table": 1}
"""As the plugin's backend numbers them."""


class Statement(Dataquery):
    """A statement as the plugin stores it; `format` timeseries makes a series of each set of labels."""

    def __init__(self, sql: str, format_: str = "table", ref_id: str = "A") -> None:
        self.sql = sql
        self.format = format_
        self.ref_id = ref_id

    def to_json(self) -> Mapping[str, Any]:
        return {
            "refId": self.ref_id,
            "datasource": SOURCE,
            "editorType": "sql",
            "queryType": self.format,
            "format": FORMATS[self.format],
            "pluginVersion": PLUGIN_VERSION,
            "rawSql": self.sql,
        }


class Ask(Builder[Dataquery]):
    """A builder, as the SDK wants one."""

    def __init__(self, statement: Statement) -> None:
        self.statement = statement

    def build(self) -> Dataquery:
        return self.statement
