"""Offer the sample project on the site: a zip that each build writes, and the line that clones it.

``.. get-the-sample::`` becomes the link to the zip and, where `repository_url` is set in conf.py,
the `git clone` line.  The same files give the same zip, byte for byte, on every machine: names are
sorted, times are fixed, and nothing is compressed, because compressors differ.
"""

import fnmatch
import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from seatrial.transcript.folders import NOT_COPIED

# The earliest time that a zip can hold.
TIME = (1980, 1, 1, 0, 0, 0)


def files(folder: Path) -> Iterator[Path]:
    """Yield the files of a project, sorted, without what git and Python leave in it."""
    for path in sorted(folder.iterdir()):
        if any(fnmatch.fnmatch(path.name, pattern) for pattern in NOT_COPIED):
            continue
        if path.is_dir():
            yield from files(path)
        else:
            yield path


def write_zip(folder: Path, target: Path) -> None:
    """Write a project into a zip, below a folder of its name."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as made:
        for path in files(folder):
            name = path.relative_to(folder.parent).as_posix()
            entry = zipfile.ZipInfo(name, TIME)
            entry.create_system = 3  # Unix, so that the modes count
            mode = 0o755 if os.access(path, os.X_OK) else 0o644
            entry.external_attr = (stat.S_IFREG | mode) << 16
            made.writestr(entry, path.read_bytes())


class GetTheSample(SphinxDirective):
    """Where to get the sample project."""

    def run(self) -> list[nodes.Node]:
        """Return the link to the zip, and the line that clones the repository."""
        name = Path(self.config.seatrial_project).name
        if self.env._app.builder.name == "epub":
            return [nodes.paragraph("", f"Download {name}.zip from the site, and unpack it.")]
        up = "../" * self.env.docname.count("/")
        link = nodes.reference("", f"{name}.zip", refuri=f"{up}{name}.zip", internal=True)
        download = nodes.paragraph(
            "", "", nodes.Text("Download "), link, nodes.Text(", and unpack it.")
        )
        if not (address := self.config.repository_url):
            return [download]
        checkout = address.rstrip("/").removesuffix(".git").rpartition("/")[2]
        clone = f"git clone {address}\ncd {checkout}"
        return [
            download,
            nodes.paragraph("", "Or clone the repository of this site:"),
            nodes.literal_block(clone, clone, classes=["not-run"], language="none"),
        ]


def put(app: Sphinx, exception: Exception | None) -> None:
    """Write the zip beside the pages."""
    if exception is None and app.builder.name == "html":
        folder = Path(app.confdir, app.config.seatrial_project)
        write_zip(folder, Path(app.outdir, f"{folder.name}.zip"))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive, the setting and the step of the build."""
    app.add_config_value("repository_url", "", "env", (str,))
    app.add_directive("get-the-sample", GetTheSample)
    app.connect("build-finished", put)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
