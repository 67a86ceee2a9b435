"""A share of the pages, as a machine of many runs it."""

import json
import os
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml

from tests.terminal.project import Project, new_project

ROOT = Path(__file__).resolve().parents[2]
JOB = ROOT / "deploy/kubernetes.yaml"
BLOCK = ".. console::\n\n   $ echo hello\n   hello\n"
SECONDS = {"slow": 9.0, "how-to/quick": 5.0, "how-to/brief": 4.0}

pytestmark = pytest.mark.terminal


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project with three pages that were recorded, a new one, and a file that is none."""
    made = new_project(tmp_path)
    for name in (*SECONDS, "new"):
        made.write(f"{name}.rst", BLOCK)
    for name, seconds in SECONDS.items():
        path = tmp_path / f"kept/{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        # the step that took long was run in another spelling than the tests name
        runs = {"v1": {"items": [{"steps": [{"seconds": seconds}]}]}}
        path.write_text(json.dumps({"runs": runs}))
    conf = (tmp_path / "conf.py").read_text()
    (tmp_path / "conf.py").write_text(
        f'{conf}seatrial_records = "kept"\nexclude_patterns = ["no*"]\n'
    )
    (tmp_path / "no-page.rst").write_text("nothing\n")
    (tmp_path / "test_other.py").write_text("def test_other():\n    pass\n")
    return made


def test_shares_have_all_pages_and_each_one_once(project: Project) -> None:
    shares = [project.run("--co", "-q", "-q", "--seatrial-shard", f"{n}/2") for n in (1, 2)]
    first, second = (
        {line.partition(":")[0] for line in each.text.splitlines() if ".rst" in line}
        for each in shares
    )
    assert first & second == set()
    assert first | second == {f"{name}.rst" for name in (*SECONDS, "new")}
    assert "slow.rst" in first
    assert {"how-to/quick.rst", "how-to/brief.rst"} <= second
    assert all("test_other.py" in each.text for each in shares)


def test_a_share_says_what_it_is(project: Project) -> None:
    outcome = project.run("--co", "--seatrial-shard", "2/2")
    assert outcome.sentences == [
        "seatrial: share 2 of 2: 2 of 3 pages, about 9 of 18 recorded seconds"
    ]
    outcome = project.run("--co", "--seatrial-shard", "2/2", "--compose", "v2")
    assert outcome.sentences == ["seatrial: share 2 of 2: 3 of 6 pages, none with a record"]


@pytest.mark.parametrize("more", [(), ("-n", "2")], ids=["alone", "side-by-side"])
def test_pages_that_are_named_are_dealt_too(more: tuple[str, ...], project: Project) -> None:
    named = ("slow.rst", "how-to/quick.rst", "new.rst::v2")
    quiet = ("-W", "ignore")
    empty = project.run("--seatrial-shard", "9/9", *named, *more, *quiet)
    assert empty.status == 0, empty.text
    assert "share 9 of 9: no page is left for this share" in empty.text
    report = project.folder / "2.xml"
    outcome = project.run("--seatrial-shard", "2/2", f"--junit-xml={report}", *named, *more, *quiet)
    assert "share 2 of 2: 1 of 2 pages, about 5 of 14 recorded seconds" in outcome.text
    said = {each.get("name"): each.get("value") for each in ET.parse(report).iter("property")}
    assert (said["seatrial-shard"], said["seatrial-pages"]) == ("2/2", "1")
    assert "slow.rst" not in outcome.text
    assert "how-to/quick.rst" in outcome.text


def test_no_tests_stay_a_failure_where_a_share_has_pages(project: Project) -> None:
    assert project.run("--seatrial-shard", "1/2", "slow.rst", "-k", "nothing-of-it").status == 5
    (project.folder / "empty").mkdir()
    assert project.run("--seatrial-shard", "1/2", "empty").status == 5


def test_what_is_no_share_is_one_sentence(project: Project) -> None:
    outcome = project.run("--seatrial-shard=6/5")
    assert outcome.status == 4
    lines = [line for line in outcome.text.splitlines() if line]
    assert lines == ["ERROR: --seatrial-shard 6/5: shares are counted from 1/5 to 5/5"]


def test_the_command_of_a_pod_runs_its_share(tmp_path: Path) -> None:
    job = next(iter(yaml.safe_load_all(JOB.read_text())))["spec"]
    pod = job["template"]["spec"]["containers"][0]
    given = {each["name"]: each["value"] for each in pod["env"]}
    assert {job["completions"], job["parallelism"], int(given["SHARES"])} == {5}
    docs = tmp_path / "docs"
    docs.mkdir()
    made = new_project(docs)
    for number in range(5):
        made.write(f"page-{number}.rst", BLOCK)
    (docs / "pytest.ini").unlink()
    (tmp_path / "pytest.ini").write_text("[pytest]\nseatrial = docs\n")
    binaries = ROOT / ".venv/bin"
    own = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    own |= {"SHARES": given["SHARES"], "REPORTS": str(tmp_path / "reports")}
    own["PATH"] = f"{binaries}{os.pathsep}{own['PATH']}"
    done = subprocess.run(
        [*pod["command"], *pod["args"]],
        cwd=tmp_path,
        env={**own, "JOB_COMPLETION_INDEX": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "seatrial: share 2 of 5: 1 of 6 pages, none with a record" in done.stdout
    assert "docs/page-0.rst" in done.stdout
    (report,) = (tmp_path / "reports").iterdir()
    assert report.name == "share-2.xml"
