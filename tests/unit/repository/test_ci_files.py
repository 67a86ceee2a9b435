"""The files for continuous integration are what their services' published schemas ask for."""

import re
from pathlib import Path

import pytest
import yaml
from check_jsonschema import main as check
from click.testing import CliRunner

ROOT = Path(__file__).resolve().parents[3]
# those of readers' own projects, which the page on tests shows
SHOWN = {
    "vendor.github-workflows": "how-to/run-your-tests-in-ci/github.yml",
    "vendor.gitlab-ci": "how-to/run-your-tests-in-ci/gitlab.yml",
}
FILES = {
    "vendor.github-workflows": ".github/workflows/check.yml",
    "vendor.gitlab-ci": ".gitlab-ci.yml",
    "vendor.readthedocs": ".readthedocs.yaml",
}
# images that the sample project builds itself are made of these
PULLED = {"debian:trixie-slim", "nginx:1.26", "postgres:18", "python:3.13-slim"}


def problems(schema: str, file: Path) -> str:
    """Return what a service would object to; nothing where it would not."""
    checked = CliRunner().invoke(check, ["--builtin-schema", schema, str(file)])
    return "" if checked.exit_code == 0 else checked.output or str(checked.exception)


@pytest.mark.parametrize(("schema", "file"), [*FILES.items(), *SHOWN.items()])
def test_a_file_fits_its_schema(schema: str, file: str) -> None:
    assert problems(schema, ROOT / file) == ""


@pytest.mark.parametrize(("schema", "file"), [*FILES.items(), *SHOWN.items()])
def test_a_broken_file_does_not(schema: str, file: str, tmp_path: Path) -> None:
    broken = tmp_path / Path(file).name
    text = (ROOT / file).read_text()
    broken.write_text(re.sub(r"^(jobs|stages|version):", r"no-\1:", text, flags=re.MULTILINE))
    if schema == "vendor.gitlab-ci":
        broken.write_text(f"{text}\nbroken:\n  script: {{}}\n")
    assert problems(schema, broken) != ""


@pytest.mark.parametrize("file", [".github/workflows/check.yml", ".gitlab-ci.yml"])
def test_every_image_is_pulled_beforehand(file: str) -> None:
    compose = yaml.safe_load((ROOT / "example/docker-compose.yml").read_text())
    named = {service["image"] for service in compose["services"].values() if "image" in service}
    errors = (ROOT / "example/errors/Dockerfile").read_text()
    named |= set(re.findall(r"^FROM (\S+)", errors, re.MULTILINE)) | PULLED
    missing = {
        image for image in named if not re.search(rf"{image}[\s;]", (ROOT / file).read_text())
    }
    assert missing == set()


@pytest.mark.parametrize("file", [".github/workflows/check.yml", ".gitlab-ci.yml"])
def test_every_page_runs_on_a_schedule_with_and_without_folded_proofs(file: str) -> None:
    jobs = yaml.safe_load((ROOT / file).read_text())
    if file.endswith("check.yml"):
        pages, joined = jobs["jobs"]["pages"], jobs["jobs"]["joined"]
        weekly = [step["run"] for step in pages["steps"] if "make" in step.get("run", "")]
        joins = [step["run"] for step in joined["steps"] if "run" in step]
        share, shares = "${{ matrix.share }}/4", len(pages["strategy"]["matrix"]["share"])
        assert pages["if"] == "github.event_name == 'schedule'"
        # also where a share failed, or ended without a report
        assert (joined["needs"], joined["if"]) == ("pages", f"always() && {pages['if']}")
    else:
        pages, joined = jobs["check"], jobs["joined"]
        weekly, joins = pages["script"], joined["script"]
        share, shares = "$CI_NODE_INDEX/$CI_NODE_TOTAL", pages["parallel"]
        assert pages["rules"] == [{"if": '$CI_PIPELINE_SOURCE == "schedule"'}]
        assert joined["rules"] == [{**pages["rules"][0], "when": "always"}]
    checks = ["make check COMPOSE=v2", "make check VISIBLE=1 COMPOSE=v2"]
    assert weekly == [f"{check} SHARD={share}" for check in checks]
    assert joins == [f"make join SHARDS={shares}"]


@pytest.mark.parametrize("file", FILES.values())
def test_a_file_calls_targets_that_make_has(file: str) -> None:
    makefile = (ROOT / "Makefile").read_text()
    called = set(re.findall(r"\bmake ([a-z-]+)", (ROOT / file).read_text()))
    assert called
    assert called <= set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def commands(file: str) -> list[str]:
    """Return what a file has its service type, in order."""
    jobs = yaml.safe_load((ROOT / file).read_text())
    if file.endswith("github.yml"):
        return [step["run"] for step in jobs["jobs"]["test"]["steps"] if "run" in step]
    return [*jobs["test"]["script"], *jobs["test"]["after_script"]]


@pytest.mark.parametrize("file", SHOWN.values())
def test_what_a_shown_file_has_its_service_type_runs_on_the_page_that_shows_it(file: str) -> None:
    page = (ROOT / "how-to/run-your-tests.rst").read_text()
    *run, logs = commands(file)
    assert run
    assert [each for each in run if f"\n   $ {each}\n" not in page] == []
    # of a job that failed
    assert logs == "docker compose logs --no-color"
