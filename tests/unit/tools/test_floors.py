"""Of each folder of the package enough runs in tests that need no engine."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SPEC = importlib.util.spec_from_file_location("floors", ROOT / "tools/floors.py")
assert SPEC is not None
assert SPEC.loader is not None
floors = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(floors)


def test_each_folder_has_a_floor() -> None:
    folders = {path.parent.name for path in (ROOT / "src/seatrial").glob("*/*.py")}
    assert folders == set(floors.FLOORS)


@pytest.mark.parametrize(
    ("covered", "said"),
    [
        ({"run/a.py": 4, "run/b.py": 6, "trials/a.py": 5, "kernel.py": 0}, ""),
        ({"run/a.py": 4, "run/b.py": 5, "trials/a.py": 5}, "too little of run runs"),
        ({"run/a.py": 5}, "too little of trials runs"),
        ({"run/a.py": 5, "trials/a.py": 5, "new/a.py": 10}, "too little of new runs"),
    ],
)
def test_a_folder_below_its_floor_fails(
    covered: dict[str, int], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        f"src/seatrial/{name}": {"summary": {"covered_lines": lines, "num_statements": 10}}
        for name, lines in covered.items()
    }
    report = tmp_path / "coverage.json"
    report.write_text(json.dumps({"files": files}))
    monkeypatch.setattr(floors, "FLOORS", {"run": 50, "trials": 50})
    monkeypatch.setattr(sys, "argv", ["floors.py", str(report)])
    if said:
        with pytest.raises(SystemExit, match=said):
            floors.main()
    else:
        floors.main()
