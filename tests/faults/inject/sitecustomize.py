"""Python runs this first in every process whose PYTHONPATH names this folder: how a fault gets into a worker.

The product knows nothing of it: no flag, no setting, no line. Only a test that starts a worker names the folder.
"""

import os
import sys
import traceback
from pathlib import Path

if plan := os.environ.get("TECHHUB_TEST_FAULTS"):
    sys.path.insert(0, str(Path(__file__).parents[3]))
    try:
        from tests.faults.inside import install

        install(plan)
    except BaseException:
        # Python would go on, and the fault would never happen
        traceback.print_exc()
        os._exit(70)
