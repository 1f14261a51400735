"""What the watchdog writes of a task that stands still: every frame down to where it waits."""

import asyncio
from collections.abc import AsyncIterator, Generator
from typing import Any

from streams.agents.watchdog import awaiting


def test_the_whole_chain_of_what_a_task_awaits_is_told() -> None:
    async def innermost() -> None:
        await asyncio.Event().wait()

    class Wrapped:
        """As Faust wraps its agents."""

        def __await__(self) -> Generator[Any, Any, None]:
            return innermost().__await__()

    async def numbers() -> AsyncIterator[int]:
        await Wrapped()
        yield 1

    async def outer() -> None:
        async for _ in numbers():
            return

    async def run() -> list[str]:
        task = asyncio.create_task(outer())
        await asyncio.sleep(0)
        names = [frame.f_code.co_name for frame in awaiting(task.get_coro())]
        task.cancel()
        return names

    assert asyncio.run(run()) == ["outer", "numbers", "innermost", "wait"]
