"""Anyone who downloads the zip of the sample project can start it, in a folder of its own."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.engine

ROOT = Path(__file__).resolve().parents[2]
PAGE = """\
Start
=====

.. console::

   $ docker compose config --quiet
   $ docker compose up -d --build --wait
   ...
   $ curl --silent --fail --retry 9 --retry-all-errors --output /dev/null http://127.0.0.1:8000/
"""


def unpacked(folder: Path) -> Path:
    """Make the zip as a build of the site does, and unpack it."""
    made = [
        sys.executable,
        "-c",
        "import sys, pathlib, sample; sample.write_zip(*map(pathlib.Path, sys.argv[1:]))",
    ]
    subprocess.run(
        [*made, str(ROOT / "example"), str(folder / "example.zip")],
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'tools'}:{ROOT / 'src'}"},
        check=True,
    )
    with zipfile.ZipFile(folder / "example.zip") as made_zip:
        made_zip.extractall(folder)
    return folder / "example"


@pytest.mark.usefixtures("docker_engine")
def test_the_sample_starts_from_the_unpacked_zip(tmp_path: Path) -> None:
    # in a run of pytest of its own: one sandbox at a time has the project's name and ports
    unpacked(tmp_path)
    (tmp_path / "conf.py").write_text(
        'extensions = ["seatrial.sphinx_ext"]\nseatrial_project = "example"\n'
        'exclude_patterns = ["example"]\n'
    )
    (tmp_path / "index.rst").write_text(PAGE)
    (tmp_path / "pytest.ini").write_text("[pytest]\nseatrial = .\n")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--require-docker", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert "ran 1 block with 3 steps" in run.stdout
