"""A headless Chromium, driven over its own protocol: opens pages, runs scripts, takes pictures, keeps complaints.

Nothing but aiohttp is needed beside the browser. `find()` gives None where there is none.
"""

# ruff: noqa: ASYNC220, ASYNC240  a test may wait for a file

import asyncio
import base64
import itertools
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.patience import SECONDS

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS: Final = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
    "--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-component-update",
    "--remote-debugging-port=0", "--mute-audio", "--force-color-profile=srgb", "about:blank",
)  # fmt: skip
LEAVING: Final = "Inspected target navigated or closed"


def find() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Tab:
    """One page. `errors`: what its console, its scripts and the network complained about."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self.errors: list[str] = []

    async def listen(self) -> None:
        async for message in self._socket:
            said = json.loads(message.data)
            if "id" in said:
                waiting = self._waiting.pop(said["id"])
                if not waiting.cancelled():
                    waiting.set_result(said)
            else:
                self._note(said["method"], said["params"])

    def _note(self, method: str, params: Mapping[str, Any]) -> None:
        if method == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(params["exceptionDetails"])[:500])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.errors.append(f"console.{params['type']}: {params['args']}")
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.errors.append(
                f"{params['entry']['source']}: {params['entry']['text']} {params['entry'].get('url', '')}"
            )

    async def send(self, method: str, **params: Any) -> Any:
        answer = await self._answer(method, params)
        assert "error" not in answer, (method, answer)
        return answer["result"]

    async def _answer(self, method: str, params: Mapping[str, Any]) -> Any:
        number = next(self._numbers)
        waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": params})
        return await asyncio.wait_for(waiting, SECONDS)

    async def run(self, script: str) -> Any:
        """The value of an expression; a promise is waited for."""
        found = await self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, json.dumps(found["exceptionDetails"])[:800]
        return found["result"].get("value")

    async def open(self, address: str) -> None:
        await self.send("Page.navigate", url=address)

    async def until(self, condition: str, seconds: float = SECONDS) -> None:
        """Waits until an expression is true."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not await self._holds(condition):
            assert asyncio.get_running_loop().time() < deadline, f"not within {seconds:.0f} s: {condition}"
            await asyncio.sleep(0.05)

    async def _holds(self, condition: str) -> bool:
        """Nothing does while the tab goes from one page to the next."""
        asked = {"expression": f"Boolean({condition})", "returnByValue": True}
        answer = await self._answer("Runtime.evaluate", asked)
        if answer.get("error", {}).get("message") == LEAVING:
            return False
        assert "error" not in answer, (condition, answer)
        return bool(answer["result"]["result"].get("value"))

    async def size(self, width: int, height: int, *, dark: bool = False, phone: bool = False, scale: float = 1) -> None:
        await self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=phone
        )
        scheme = "dark" if dark else "light"
        await self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    async def picture(self, path: Path, *, whole: bool = False) -> None:
        taken = await self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(taken["data"]))


@asynccontextmanager
async def browser(binary: str, directory: Path) -> AsyncIterator[Callable[[], Any]]:
    """`await opened()` gives a new tab; the browser and its profile end with the block."""
    command = [binary, f"--user-data-dir={directory / 'profile'}", *FLAGS]
    log = directory / "chromium.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stderr=output, stdout=output, env={**os.environ, "HOME": str(directory)})
    tasks: list[asyncio.Task[None]] = []
    try:
        port = await _port(directory / "profile" / "DevToolsActivePort", process, log)
        async with aiohttp.ClientSession() as session:

            async def opened() -> Tab:
                async with session.put(f"http://127.0.0.1:{port}/json/new") as answer:
                    target = await answer.json()
                socket = await session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0)
                tab = Tab(socket)
                tasks.append(asyncio.create_task(tab.listen()))
                for domain in ("Page", "Runtime", "Log"):
                    await tab.send(f"{domain}.enable")
                return tab

            yield opened
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def _port(file: Path, process: subprocess.Popen[bytes], log: Path) -> int:
    deadline = asyncio.get_running_loop().time() + SECONDS
    while not (file.exists() and file.read_text().strip()):
        assert process.poll() is None, f"chromium ended: {log.read_text(errors='replace')[-1000:]}"
        assert asyncio.get_running_loop().time() < deadline, "chromium did not open its port"
        await asyncio.sleep(0.1)
    return int(file.read_text().split()[0])
