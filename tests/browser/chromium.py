"""Debian's Chromium, driven by its own DevTools protocol: no driver, no framework."""

import asyncio
import json
import shutil
import tempfile
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

FLAGS = (
    "--headless=new",
    "--no-sandbox",  # a container's root has no sandbox to give
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--remote-debugging-port=0",
    "--window-size=1400,900",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # no internet
)


def executable() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Page:
    """A browser tab. While it is used, `requested` collects the requested URLs, and `complaints` the errors and
    warnings.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._sent = 0
        self.requested: list[str] = []
        self.complaints: list[str] = []
        """Console errors, exceptions, and what the content security policy blocked."""

    async def listen(self) -> None:
        async for text in self._connection:
            message = json.loads(text)
            if "id" in message:
                self._answers.pop(message["id"]).set_result(message)
            else:
                self._note(message["method"], message["params"])

    def _note(self, method: str, params: Any) -> None:
        match method:
            case "Network.requestWillBeSent":
                self.requested.append(params["request"]["url"])
            case "Log.entryAdded" if params["entry"]["level"] == "error":
                self.complaints.append(params["entry"]["text"])
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(params["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if params["type"] == "error":
                self.complaints.append(json.dumps([each.get("value") for each in params["args"]]))

    async def send(self, method: str, **params: Any) -> Any:
        self._sent += 1
        answer = self._answers[self._sent] = asyncio.get_running_loop().create_future()
        await self._connection.send(json.dumps({"id": self._sent, "method": method, "params": params}))
        message = await asyncio.wait_for(answer, 30)
        if "error" in message:
            raise RuntimeError(f"{method}: {message['error']}")
        return message["result"]

    async def goto(self, url: str) -> None:
        await self.send("Page.navigate", url=url)

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression; a promise is awaited."""
        result = await self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(json.dumps(result["exceptionDetails"]))
        return result["result"].get("value")

    async def until(self, condition: str, seconds: float = 60) -> None:
        """Waits until a JavaScript expression is true."""
        async with asyncio.timeout(seconds):
            while not await self.evaluate(f"Boolean({condition})"):  # noqa: ASYNC110  # the page has no event for it
                await asyncio.sleep(0.1)

    async def click(self, selector: str) -> None:
        """A real click in the middle of the element, once it is there and nothing covers it."""
        element = f"document.querySelector({json.dumps(selector)})"
        middle = f"(r => [r.x + r.width / 2, r.y + r.height / 2])({element}.getBoundingClientRect())"
        await self.until(f"{element} && {element}.contains(document.elementFromPoint(...{middle}))")
        x, y = await self.evaluate(middle)
        for kind in ("mousePressed", "mouseReleased"):
            await self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    async def type(self, text: str) -> None:
        """Text as if pasted where the focus is."""
        await self.send("Input.insertText", text=text)

    async def screenshot(self, path: Path) -> None:
        taken = await self.send("Page.captureScreenshot")
        await asyncio.to_thread(path.write_bytes, b64decode(taken["data"]))


@asynccontextmanager
async def opened_page() -> AsyncIterator[Page]:
    """A fresh browser with one empty tab; it and its profile are gone afterwards."""
    chromium = executable()
    if chromium is None:
        raise RuntimeError("Chromium is not installed: apt-get install chromium")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            chromium,
            *FLAGS,
            f"--user-data-dir={profile}",
            "about:blank",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with connect(await _tab(Path(profile)), max_size=2**26) as connection:
                page = Page(connection)
                listening = asyncio.create_task(page.listen())
                for domain in ("Page", "Runtime", "Network", "Log"):
                    await page.send(f"{domain}.enable")
                yield page
                listening.cancel()
        finally:
            process.terminate()
            await process.wait()


async def _tab(profile: Path) -> str:
    """Returns the URL of the tab's DevTools socket."""
    noted = profile / "DevToolsActivePort"
    async with asyncio.timeout(30):
        while not noted.exists() or len(noted.read_text().splitlines()) < 2:  # noqa: ASYNC110  # a file of Chromium
            await asyncio.sleep(0.05)
    port = noted.read_text().splitlines()[0]
    async with httpx.AsyncClient(trust_env=False) as client:
        targets = (await client.get(f"http://127.0.0.1:{port}/json/list")).json()
    return next(str(target["webSocketDebuggerUrl"]) for target in targets if target["type"] == "page")
