"""A sandbox's own layer of Python: what is found there, and of what nothing is."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.run import layer


def beneath(folder: Path, scripts: dict[str, str], *, own: bool = True) -> layer.Environment:
    """Return an environment with some scripts and a module."""
    programs, packages = folder / "bin", folder / "packages"
    programs.mkdir()
    packages.mkdir()
    (packages / "beneath_only.py").write_text("")
    for name, text in scripts.items():
        (programs / name).write_text(text.format(programs=programs))
        (programs / name).chmod(0o755)
    return layer.Environment(programs, (str(packages),), own=own, pip=False)


def said(program: Path) -> str:
    """Return what a program prints."""
    return subprocess.run([program], capture_output=True, text=True, check=True).stdout.strip()


SHOWN = "import sys, beneath_only; print(sys.prefix)\n"
SCRIPTS = {
    "plain": "#!{programs}/python3\n" + SHOWN,
    "long": "#!/bin/sh\n'''exec' \"{programs}/python\" \"$0\" \"$@\"\n' '''\n" + SHOWN,
    "other": "#!/bin/sh\necho other {programs}/python3\n",
    "activate": "#!/bin/sh\n",
}


def test_a_layer_runs_the_programs_beneath_by_a_python_of_its_own(tmp_path: Path) -> None:
    environment = beneath(tmp_path, SCRIPTS)
    layer.make(tmp_path / "own", environment)
    programs = tmp_path / "own" / "bin"
    assert said(programs / "plain") == said(programs / "long") == str(tmp_path / "own")
    assert said(programs / "other") == f"other {environment.programs}/python3"
    assert not (programs / "activate").exists()


def test_of_a_systems_programs_a_layer_has_those_of_python_alone(tmp_path: Path) -> None:
    environment = beneath(tmp_path, SCRIPTS, own=False)
    for pip in (False, True):
        layer.make(tmp_path / f"{pip}", replace(environment, pip=pip))
        found = {entry.name for entry in (tmp_path / f"{pip}" / "bin").iterdir()}
        own = {"pip", "pip3"} if pip else set()
        assert found == {"python", "python3", "plain", "long", *own}


def test_a_script_that_names_its_environment_by_a_link_is_run_by_the_layer_too(
    tmp_path: Path,
) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    script = f"#!{tmp_path}/link/bin/python3\n{SHOWN}"
    layer.make(tmp_path / "own", beneath(tmp_path, {"linked": script}))
    assert said(tmp_path / "own" / "bin" / "linked") == str(tmp_path / "own")


def test_nothing_of_an_environment_of_ours_is_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "active"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "ours"))
    path = f"{tmp_path}/ours/bin:/usr/bin:{tmp_path}/active/bin:{tmp_path}/ours2/bin"
    assert layer.search_path(path, [Path("/own")]) == f"/own:/usr/bin:{tmp_path}/ours2/bin"


@pytest.mark.parametrize(
    ("base", "shown"),
    [
        ("/home/ada/.pyenv/versions/3.12", {"/home/ada/.pyenv/versions/3.12": "/usr"}),
        ("/usr", {}),
        ("/opt/python", {}),
    ],
)
def test_paths_of_this_machines_python_are_shown_as_others(
    monkeypatch: pytest.MonkeyPatch, base: str, shown: dict[str, str]
) -> None:
    monkeypatch.setattr(sys, "base_prefix", base)
    monkeypatch.setattr(sys, "prefix", "/ours/venv")
    assert layer.neutral("/home/you/venv") == {"/ours/venv": "/home/you/venv", **shown}
