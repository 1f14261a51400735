"""How long anything may take before a test gives up; no figure of speed. A machine that is very busy needs more."""

import os
from typing import Final

SECONDS: Final = float(os.environ.get("TECHHUB_TEST_PATIENCE", "180"))
