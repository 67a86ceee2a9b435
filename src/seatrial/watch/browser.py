"""Serves the rendered pages to a browser on this machine, and has it load them again."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import uvicorn
from sphinx_autobuild.middleware import JavascriptInjectorMiddleware
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from seatrial.errors import SeatrialError

HOST = "127.0.0.1"
#: No port that a guide's own containers are likely to publish.
PORT = 8642


class Browser:
    """The pages' address, and those browsers that show one of them."""

    def __init__(self, port: int) -> None:
        self.address = f"http://{HOST}:{port}/"
        self._open: set[WebSocket] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started = threading.Event()

    def reload(self) -> None:
        """Have all open pages loaded again; may be called from any thread."""
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._tell(), self._loop)

    async def _tell(self) -> None:
        for each in list(self._open):
            with contextlib.suppress(RuntimeError):
                await each.send_text("refresh")

    async def _listen(self, page: WebSocket) -> None:
        """Hold the connection of one open page."""
        await page.accept()
        self._open.add(page)
        try:
            async for _ in page.iter_text():
                pass
        finally:
            self._open.discard(page)

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        self._loop = asyncio.get_running_loop()
        self._started.set()
        yield
        self._loop = None

    def application(self, folder: Path) -> Starlette:
        """Return what serves a folder."""
        at = self.address.removeprefix("http://").rstrip("/")
        return Starlette(
            routes=[
                WebSocketRoute("/websocket-reload", self._listen),
                Mount("/", StaticFiles(directory=folder, html=True)),
            ],
            middleware=[Middleware(JavascriptInjectorMiddleware, ws_url=at)],
            lifespan=self._lifespan,
        )

    def serve(self, server: uvicorn.Server, at: socket.socket) -> None:
        """Serve until somebody ends that."""
        try:
            server.run(sockets=[at])
        finally:
            self._started.set()

    def wait(self) -> None:
        """Wait until the first page can be asked for; raise SeatrialError where none can."""
        self._started.wait()
        if self._loop is None:
            raise SeatrialError(f"the pages cannot be served at {self.address}")


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Browser]:
    """Serve a folder to this machine alone, on another port where ours is taken."""
    with _bound() as at:
        browser = Browser(at.getsockname()[1])
        server = uvicorn.Server(
            uvicorn.Config(
                browser.application(folder),
                log_config=None,
                lifespan="on",
                ws="websockets-sansio",
                timeout_graceful_shutdown=1,
            )
        )
        thread = threading.Thread(target=browser.serve, args=(server, at), daemon=True)
        thread.start()
        try:
            browser.wait()
            yield browser
        finally:
            server.should_exit = True
            thread.join()


def _bound() -> socket.socket:
    """Return a socket that listens at our port, or at any that is free."""
    for port in (PORT, 0):
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((HOST, port))
            # two may be bound to a port as long as neither listens
            made.listen()
        except OSError:
            made.close()
            if not port:
                raise
        else:
            return made
    raise AssertionError("the last try returns or raises")
