"""How a worker process ends. Fail-stop: after a surprise there is no graceful path, because Faust would acknowledge."""

import asyncio
import logging
import os
from collections.abc import Coroutine
from typing import Any, Final, NoReturn

log = logging.getLogger("techhub.worker")

SURPRISE: Final = 70
"""A defect or a broken invariant: the supervisor starts the process again."""
RENEWED: Final = 75
"""There is another contract: the supervisor starts the process again, at once."""
LIMIT: Final = 78
"""Starting again would not help: an operator has to act."""


class LimitReached(Exception):
    """The worker must stop and not be started again; the text says why and what to do."""


def leave(code: int) -> NoReturn:
    logging.shutdown()
    os._exit(code)


async def guarded(work: Coroutine[Any, Any, Any]) -> Any:
    """Runs a background task of the engine; whatever surprises it ends the process."""
    try:
        return await work
    except LimitReached as error:
        log.error("%s", error)
        leave(LIMIT)
    except Exception:
        log.critical("stopping after a surprise; what was not flushed is read again", exc_info=True)
        leave(SURPRISE)


class Background:
    """Tasks beside the agents; whatever surprises one ends the process."""

    def __init__(self) -> None:
        self.tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(guarded(work))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task
