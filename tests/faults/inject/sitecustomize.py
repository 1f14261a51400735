"""Python runs this first in every process whose PYTHONPATH names this folder: how a fault gets into a worker.

The product knows nothing of it: no flag, no setting, no line. Only a test that starts a worker names the folder.
"""

import os
import sys
from pathlib import Path

if plan := os.environ.get("TECHHUB_TEST_FAULTS"):
    sys.path.insert(0, str(Path(__file__).parents[3]))
    from tests.faults.inside import install

    install(plan)
