"""Run one phase of `make test`: say what begins, and afterwards how long it took."""

import os
import shlex
import subprocess
import sys
import time


def main() -> None:
    """Run the command line's second argument onwards as a phase named by its first."""
    name, *command = sys.argv[1:]
    print(f"\n=== {name}", flush=True)
    # a `make` that a test starts is none of ours, and has no part in our two jobs at once
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    start = time.monotonic()
    try:
        status = subprocess.run(command, env=environment).returncode
    except KeyboardInterrupt:
        sys.exit(130)
    seconds = time.monotonic() - start
    if status:
        print(f"=== {name}: FAILED after {seconds:.1f} s: {shlex.join(command)}", flush=True)
        sys.exit(1)
    print(f"=== {name}: {seconds:.1f} s", flush=True)


if __name__ == "__main__":
    main()
