"""What the engine's scripts tell the person who runs them."""

import sys


class EngineError(Exception):
    """One sentence for the person: what happened and what to do about it."""


class MissingSuiteError(EngineError):
    """The machine's mirror lacks a release of Debian."""


class DaemonError(EngineError):
    """dockerd did not start."""


def say(line: str) -> None:
    """Print a line of progress, on standard error so that `env` can be evaluated."""
    # In one write: images are built by two threads.
    sys.stderr.write(f"engine: {line}\n")
    sys.stderr.flush()
