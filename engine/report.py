"""What the engine's scripts tell the person who runs them."""

import sys


class EngineError(Exception):
    """One sentence for the person: what happened and what to do about it."""


def say(line: str) -> None:
    """Print a line of progress, on standard error so that `env` can be evaluated."""
    print(f"engine: {line}", file=sys.stderr, flush=True)
