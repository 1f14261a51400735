"""The pipeline that the short scenarios share: as that of `tests/pipeline`, and beside it."""

from tests.pipeline.conftest import logs, pipeline, pytest_runtest_makereport
from tests.standing import stack

__all__ = ["logs", "pipeline", "pytest_runtest_makereport", "stack"]
