"""The command line: housekeeping that belongs to no page."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from seatrial import __version__
from seatrial.errors import SeatrialError
from seatrial.run.sweeping import sweep
from seatrial.transcript.spelling import SPELLINGS
from seatrial.trials.joining import complaints, join, overview, read_reports

try:
    from jupyter_client.kernelspec import KernelSpecManager

    from seatrial.transcript.cells import KERNEL
    from seatrial.trials.notebook import write_spec
except ImportError:
    # nobody needs Jupyter to run pages
    KernelSpecManager = None  # type: ignore[assignment,misc]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="seatrial", description="Run a documentation's console transcripts on a real engine."
    )
    parser.add_argument("--version", action="version", version=f"seatrial {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser(
        "sweep", help="remove what killed runs left: containers, volumes, folders"
    ).set_defaults(act=_sweep)
    joined = commands.add_parser(
        "join", help="put the reports of all shares together, and fail where one is missing"
    )
    joined.set_defaults(act=_join)
    joined.add_argument("--shards", type=int, required=True, help="how many shares there are")
    joined.add_argument("--output", type=Path, help="file for one report that holds all")
    joined.add_argument("folder", type=Path, help="where the shares' reports are")
    watch = commands.add_parser("watch", help="judge and show a page each time it is saved")
    watch.set_defaults(act=_watch)
    watch.add_argument("pages", nargs="*", metavar="PAGE", help="pages (default: all below here)")
    watch.add_argument(
        "--compose",
        choices=SPELLINGS,
        default=os.environ.get("SEATRIAL_COMPOSE") or "",
        help="the spelling of Compose (default: the first that conf.py names)",
    )
    kernel = commands.add_parser("kernel", help="the Jupyter kernel that follows you inside")
    install = kernel.add_subparsers(dest="act on it", required=True, metavar="ACT").add_parser(
        "install", help="register it, so that front ends offer it by its name, Containers"
    )
    install.set_defaults(act=_install)
    install.add_argument(
        "--project",
        type=Path,
        help="folder of the sample project, of which each notebook gets a fresh copy",
    )
    place = install.add_mutually_exclusive_group()
    place.add_argument("--sys-prefix", action="store_true", help="for this environment alone")
    place.add_argument("--prefix", help="for the environment in this folder")
    options = parser.parse_args(arguments)
    try:
        print(f"seatrial: {options.act(options)}")
    except SeatrialError as error:
        print(f"seatrial: {error}", file=sys.stderr)
        return 1
    return 0


def _sweep(_options: argparse.Namespace) -> str:
    """Remove what killed runs left."""
    swept = sweep()
    return f"swept {swept} sandbox{'' if swept == 1 else 'es'}"


def _join(options: argparse.Namespace) -> str:
    """Put the reports of all shares together."""
    reports = read_reports(options.folder, options.output)
    for line in overview(reports):
        print(line)
    if options.output:
        join(reports, options.output)
    if wrong := list(complaints(reports, options.shards)):
        raise SeatrialError("\nseatrial: ".join(wrong))
    tests = sum(report.count("tests") for report in reports)
    return f"all {options.shards} shares passed, with {tests:,} tests"


def _watch(options: argparse.Namespace) -> str:
    """Watch pages until somebody ends it."""
    try:
        # only now: Sphinx and a server take longer to import than other commands to run
        loop = import_module("seatrial.watch.loop")
    except ModuleNotFoundError as error:
        hint = "pip install 'seatrial[watch]'"
        raise SeatrialError(f"watching needs {error.name}", hint=hint) from error
    loop.watch_pages(options.pages, options.compose)
    return "ended, and nothing is left"


def _install(options: argparse.Namespace) -> str:
    """Register the kernel, for the user unless another place is named."""
    if KernelSpecManager is None:
        raise SeatrialError("the kernel needs ipykernel", hint="pip install 'seatrial[kernel]'")
    if options.project is not None and not options.project.is_dir():
        raise SeatrialError(
            f"there is no folder {options.project}", hint="name the folder of a Compose project"
        )
    prefix = sys.prefix if options.sys_prefix else options.prefix
    with tempfile.TemporaryDirectory() as folder:
        spec = write_spec(Path(folder), options.project, {})
        try:
            where = KernelSpecManager().install_kernel_spec(
                str(spec), KERNEL, user=prefix is None, prefix=prefix
            )
        except OSError as error:
            raise SeatrialError(
                f"the kernel cannot be written to {error.filename}: {error.strerror}",
                hint="choose another place with --prefix FOLDER",
            ) from error
    return f"the kernel Containers is installed in {where}"


if __name__ == "__main__":
    sys.exit(main())
