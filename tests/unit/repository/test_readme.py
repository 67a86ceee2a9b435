"""What the README shows is on a page that is run."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_the_readme_shows_the_transcript_of_the_front_page() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"^```console\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)[0]
    front = (ROOT / "index.rst").read_text(encoding="utf-8")
    run = re.findall(
        r"^\.\. console::\n   :name: nest\n\n(.*?)\n\n(?=\S)", front, re.DOTALL | re.MULTILINE
    )[0]
    assert [line.strip() for line in shown.splitlines()] == [
        line.strip() for line in run.splitlines()
    ]


def test_every_picture_of_the_readme_is_there() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", readme)
    assert pictures
    assert all((ROOT / picture).is_file() for picture in pictures)
