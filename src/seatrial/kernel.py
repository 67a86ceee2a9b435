"""The Jupyter face: a kernel whose cells are typed into whatever program is in front.

Jupyter's own machinery for wrapper kernels speaks the protocol; the conversation does the rest.
"""

from __future__ import annotations

import os
import shlex
import signal
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel
from traitlets.config import Config

from seatrial import __version__
from seatrial.errors import SeatrialError
from seatrial.pages.cell_pages import change_in_jupyter, ran_in_jupyter
from seatrial.transcript.cells import LANGUAGE, RAN, edit_of, moved
from seatrial.transcript.events import Sighting
from seatrial.transcript.places import as_plain
from seatrial.transcript.spelling import CURRENT
from seatrial.trials.conversation import Cell, Conversation
from seatrial.trials.trouble import Trouble


class ContainersKernel(Kernel):
    """A shell on the reader's machine that follows them into containers."""

    implementation = "seatrial"
    implementation_version = __version__
    language_info = dict(LANGUAGE)  # noqa: RUF012 (so Jupyter's own class has it)
    banner = (
        "Containers: commands run on your machine, in a fresh copy of the sample project.\n"
        "Open a program such as psql, and what you type next goes into it."
    )

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)  # type: ignore[no-untyped-call]
        folder = os.environ.get("SEATRIAL_PROJECT")
        spelling = os.environ.get("SEATRIAL_COMPOSE") or CURRENT
        self._conversation = Conversation(Path(folder).resolve() if folder else None, spelling)
        self._typed: list[tuple[int, int, str]] = []
        # session, line and input, as the protocol's history has them
        self._closing = threading.RLock()
        signal.signal(signal.SIGTERM, self._terminated)

    # --- running cells ---

    async def do_execute(
        self,
        code: str,
        silent: bool,
        store_history: bool = True,
        user_expressions: Mapping[str, str] | None = None,  # noqa: ARG002
        allow_stdin: bool = False,
        *,
        cell_meta: Mapping[str, Any] | None = None,
        cell_id: str | None = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        """Type a cell, and answer when all it started has ended or waits for the next input."""
        if store_history and code.strip():
            self._typed.append((0, self.execution_count, code))
        before = signal.signal(signal.SIGINT, self._interrupted)
        try:
            file, text = edit_of(code, (cell_meta or {}).get("tags", ()))
            if file:
                self._show_edit(file, self._conversation.write(file, text))
                return self._reply(None)
            cell = self._conversation.run(
                code,
                (lambda _text: None) if silent else self._stream,
                self._ask if allow_stdin else None,
            )
        except SeatrialError as error:
            return self._reply(Trouble(type(error).__name__, error.message, error.hint))
        except KeyboardInterrupt:
            return self._reply(Trouble("Interrupted", "nothing was running yet, or any more"))
        finally:
            signal.signal(signal.SIGINT, before)
        if not silent and cell.places:
            self._show(_ran(cell))
        return self._reply(cell.trouble, silent=silent)

    def _stream(self, text: str) -> None:
        """Show a piece of output as it comes."""
        self._send("stream", {"name": "stdout", "text": text})

    def _show(self, data: Mapping[str, object]) -> None:
        """Show something in the forms that front ends may choose from."""
        self._send("display_data", {"data": data, "metadata": {}, "transient": {}})

    def _send(self, kind: str, content: Mapping[str, object]) -> None:
        self.send_response(self.iopub_socket, kind, content)  # type: ignore[no-untyped-call]

    def _ask(self, prompt: str, secret: bool) -> str:
        """Ask the reader what a program wants to know, by Jupyter's own input."""
        self._allow_stdin = True
        if secret:
            return str(self.getpass(prompt))
        return str(self.raw_input(prompt))  # type: ignore[no-untyped-call]

    def _show_edit(self, file: str, diff: str) -> None:
        """Show what changed in a file."""
        text = diff or f"{file} is as it was"
        self._show({"text/plain": text, "text/html": change_in_jupyter(file, text)})

    def _reply(self, trouble: Trouble | None, *, silent: bool = False) -> dict[str, Any]:
        """Return the protocol's reply, an error where there was trouble, and show that."""
        if trouble is None:
            return {
                "status": "ok",
                "execution_count": self.execution_count,
                "payload": [],
                "user_expressions": {},
            }
        lines = [f"{trouble.name}: {trouble.message}"]
        if trouble.hint:
            lines.append(f"hint: {trouble.hint}")
        content = {"ename": trouble.name, "evalue": trouble.message, "traceback": lines}
        if not silent:
            self._send("error", content)
        return {"status": "error", "execution_count": self.execution_count, **content}

    def _interrupted(self, _signal: int, _frame: FrameType | None) -> None:
        if not self._conversation.interrupt():
            # a question is open, or a sandbox is being made
            raise KeyboardInterrupt

    # --- help while typing ---

    async def do_complete(self, code: str, cursor_pos: int) -> dict[str, Any]:
        """Complete commands, files, services and names of containers."""
        start, words = _words_before(code, cursor_pos)
        try:
            found = self._conversation.completions(words)
        except SeatrialError:
            found = []
        return {
            "status": "ok",
            "matches": found,
            "cursor_start": start,
            "cursor_end": cursor_pos,
            "metadata": {},
        }

    async def do_inspect(
        self,
        code: str,
        cursor_pos: int,
        detail_level: int = 0,  # noqa: ARG002
        omit_sections: Sequence[str] = (),  # noqa: ARG002
    ) -> dict[str, Any]:
        """Show the help of the docker command under the cursor."""
        end = code.find("\n", cursor_pos)
        line = code[code.rfind("\n", 0, cursor_pos) + 1 : end if end >= 0 else len(code)]
        try:
            text = self._conversation.help(line.split())
        except SeatrialError:
            text = ""
        data = {"text/plain": text} if text else {}
        return {"status": "ok", "found": bool(text), "data": data, "metadata": {}}

    async def do_is_complete(self, code: str) -> dict[str, Any]:
        """Tell a console whether the program in front would wait for more."""
        unfinished = self._conversation.is_unfinished(code)
        return {"status": "incomplete", "indent": ""} if unfinished else {"status": "complete"}

    async def do_history(self, hist_access_type: str, *_: Any, **more: Any) -> dict[str, Any]:
        """Return what was typed in this kernel, the latest last."""
        found = self._typed
        if hist_access_type == "search":
            wanted = str(more.get("pattern") or "*").strip("*")
            found = [entry for entry in found if wanted in entry[2]]
        count = more.get("n") or len(found)
        return {"status": "ok", "history": found[-count:]}

    # --- the end ---

    async def do_shutdown(self, restart: bool) -> dict[str, Any]:
        """Remove the sandbox; after a restart, the first cell makes a fresh one."""
        self._close()
        return {"status": "ok", "restart": restart}

    def _terminated(self, _signal: int, _frame: FrameType | None) -> None:
        self._close()
        raise SystemExit(128 + signal.SIGTERM)

    def _close(self) -> None:
        # from the control channel's thread or a signal's handler, whichever comes first
        with self._closing:
            self._conversation.close()


def _ran(cell: Cell) -> dict[str, object]:
    """Return where a cell ran and what Docker did, for a reader, for a terminal and for a check."""
    first, *rest = cell.places
    ran = ", then ".join([f"ran {first.within}", *map(str, rest)])
    facts = _facts(cell)
    leave = f" Leave with `{cell.leave}`." if cell.leave else ""
    where = "You are there now." if cell.now == cell.places[-1] else moved(facts)
    text = [f"({ran})", *([f"{where}{leave}"] if cell.moved else [])]
    return {"text/plain": "\n".join(text), "text/html": ran_in_jupyter(facts), RAN: facts}


def _facts(cell: Cell) -> dict[str, object]:
    """Return what is known of a cell: no identifiers, and no words that are there for people."""
    return {
        "at": [as_plain(place) for place in cell.places],
        "now": as_plain(cell.now),
        "moved": cell.moved,
        "leave": cell.leave if cell.moved else "",
        "did": [_fact(sighting) for sighting in cell.sightings],
    }


def _fact(sighting: Sighting) -> list[object]:
    return [sighting.what, sighting.name, sighting.one_off, list(sighting.actions)]


def _words_before(code: str, cursor: int) -> tuple[int, list[str]]:
    """Return where the word at the cursor begins, and the words of its command up to there."""
    line = code[code.rfind("\n", 0, cursor) + 1 : cursor]
    # what stands behind the last operator is a command of its own
    command = max(
        (line.rfind(sign) + len(sign) for sign in ("|", ";", "&&", "$(") if sign in line), default=0
    )
    part = line[command:].lstrip()
    try:
        words = shlex.split(part)
    except ValueError:
        words = part.split()
    if not part or part[-1].isspace():
        words.append("")
    last = part[len(part.rstrip()) :] if not words[-1] else part.split()[-1]
    return cursor - (0 if not words[-1] else len(last)), words


class Application(IPKernelApp):
    """Jupyter's own application, which now and then waits for itself at the end."""

    def start(self) -> None:
        """Serve until the end, and let the thread that was told of it finish its last message.

        Left to the end of the process, the thread through which it speaks is stopped first
        (``IOPubThread.start`` of ipykernel 7.4 asks for that), and it may wait for ever.
        """
        try:
            super().start()  # type: ignore[no-untyped-call]
        finally:
            if self.control_thread and self.control_thread.is_alive():
                self.control_thread.stop()
                self.control_thread.join()


def main() -> None:
    """Serve one front end, as Jupyter's connection file says."""
    # nothing here prints: what cells give goes through the protocol, and a stream nobody writes
    # to makes the end of a kernel wait for a flush
    config = Config({"IPKernelApp": {"outstream_class": None}})
    Application.launch_instance(kernel_class=ContainersKernel, config=config)


if __name__ == "__main__":
    main()
