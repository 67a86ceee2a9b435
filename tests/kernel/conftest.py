"""A kernel as a front end has it: started from its specification, spoken to by Jupyter's client."""

import queue
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from seatrial.transcript.cells import KERNEL, RAN
from seatrial.trials.notebook import write_spec


@dataclass
class Cell:
    """What one cell gave."""

    status: str = ""
    text: str = ""
    ran: dict[str, Any] = field(default_factory=dict)
    words: str = ""
    error: str = ""
    traceback: Sequence[str] = ()
    asked: list[tuple[str, bool]] = field(default_factory=list)
    shown: list[dict[str, Any]] = field(default_factory=list)


class FrontEnd:
    """Types cells into a kernel."""

    def __init__(self, manager: KernelManager) -> None:
        self.manager = manager
        self.client: BlockingKernelClient = manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def run(
        self,
        code: str,
        answers: Sequence[str] | None = None,
        press: tuple[str, ...] = (),
        tags: Sequence[str] = (),
    ) -> Cell:
        """Run a cell, answer its questions, and press ■ where no answer is left or a text came."""
        message = self.client.session.msg(
            "execute_request",
            {
                "code": code,
                "silent": False,
                "store_history": True,
                "user_expressions": {},
                "allow_stdin": answers is not None,
                "stop_on_error": True,
            },
            metadata={"tags": list(tags)},
        )
        self.client.shell_channel.send(message)
        cell, left, waiting = Cell(), list(answers or ()), list(press)
        deadline = time.monotonic() + 60
        while True:
            assert time.monotonic() < deadline, cell
            if answers is not None:
                self._answer(cell, left)
            try:
                said = self.client.get_iopub_msg(timeout=0.1)
            except queue.Empty:
                continue
            if said["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            if self._take(said, cell):
                break
            if waiting and waiting[0] in cell.text:
                waiting.pop(0)
                self.manager.interrupt_kernel()
        cell.status = self.reply_to(message["header"]["msg_id"])["status"]
        return cell

    def reply_to(self, message: str) -> dict[str, Any]:
        """Return what the kernel answers to a message, whatever it answered to others before."""
        while True:
            # a client that waits for a slow kernel asks more than once whether it is there
            reply = self.client.get_shell_msg(timeout=30)
            if reply["parent_header"].get("msg_id") == message:
                return dict(reply["content"])

    def _answer(self, cell: Cell, left: list[str]) -> None:
        try:
            asked = self.client.get_stdin_msg(timeout=0)
        except queue.Empty:
            return
        cell.asked.append((asked["content"]["prompt"], asked["content"]["password"]))
        if left:
            self.client.input(left.pop(0))
        else:
            self.manager.interrupt_kernel()

    def _take(self, said: dict[str, Any], cell: Cell) -> bool:
        """Note what a kernel says, and tell whether the cell is done."""
        content = said["content"]
        if said["msg_type"] == "stream":
            cell.text += content["text"]
        elif said["msg_type"] == "error":
            cell.error = f"{content['ename']}: {content['evalue']}"
            cell.traceback = content["traceback"]
        elif said["msg_type"] == "display_data":
            cell.shown.append(content["data"])
            if RAN in content["data"]:
                cell.ran = content["data"][RAN]
                cell.words = content["data"]["text/plain"]
        return bool(said["msg_type"] == "status" and content["execution_state"] == "idle")


@pytest.fixture
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger of our own, so that nobody waits for us."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("SEATRIAL_CACHE", str(folder))
    return folder


@pytest.fixture
def manager(cache: Path, tmp_path: Path) -> Iterator[KernelManager]:  # noqa: ARG001
    """A kernel without a sample project: its sandbox is empty."""
    write_spec(tmp_path / "kernels", None, {})
    # a socket's path may have no more than 107 bytes, and pytest's are long
    sockets = TemporaryDirectory(prefix="kernel-")
    manager = KernelManager(
        kernel_name=KERNEL,
        transport="ipc",
        ip=f"{sockets.name}/socket",
        kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(tmp_path / "kernels")]),
        shutdown_wait_time=60,
    )
    # a run that is a script's background job ignores SIGINT, and so would all that it starts
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    manager.start_kernel(cwd=str(tmp_path))
    signal.signal(signal.SIGINT, before)
    yield manager
    if manager.is_alive():
        manager.shutdown_kernel()
    manager.cleanup_resources()
    sockets.cleanup()


@pytest.fixture
def front_end(manager: KernelManager) -> Iterator[FrontEnd]:
    """A front end that speaks to it."""
    front_end = FrontEnd(manager)
    yield front_end
    front_end.client.stop_channels()
