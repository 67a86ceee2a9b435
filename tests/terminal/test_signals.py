"""What a run's own signals do to its terminals."""

import os
import signal
from pathlib import Path

import pytest

from seatrial.run.session import Terminal, drained
from seatrial.transcript.events import Ending

pytestmark = pytest.mark.terminal


def test_control_c_works_in_a_run_that_ignores_it_itself(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        terminal = Terminal(tmp_path, {"PATH": os.environ["PATH"]})
    finally:
        signal.signal(signal.SIGINT, before)
    try:
        reading = terminal.type(["sleep 1000"], 10, watched=True)
        next(reading)
        terminal.stop()
        assert drained(reading).ending is Ending.LEFT
        assert drained(terminal.type(["^C"], 2)).status == 130
    finally:
        terminal.close()
