"""Jupyter's own tests of a kernel's protocol (jupyter_kernel_test), on ours."""

import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jupyter_kernel_test  # type: ignore[import-untyped]
import pytest

from seatrial.transcript.cells import KERNEL
from seatrial.trials.notebook import write_spec

pytestmark = pytest.mark.engine


@pytest.fixture(autouse=True, scope="class")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Our kernel where Jupyter looks for kernels, with a ledger of its own."""
    folder = tmp_path_factory.mktemp("jupyter")
    write_spec(folder / "kernels", None, {"SEATRIAL_CACHE": str(folder / "cache")})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder))
        yield


class TestProtocol(jupyter_kernel_test.KernelTests):  # type: ignore[misc]
    """What Jupyter asks of every kernel."""

    kernel_name = KERNEL
    language_name = "shell"
    file_extension = ".sh"
    code_hello_world = "echo 'hello, world'"
    code_stderr = ""
    completion_samples = ({"text": "docker compose versi", "matches": {"version"}},)
    complete_code_samples = ("ls", "for i in 1 2; do echo $i; done", "# a remark")
    incomplete_code_samples = ("for i in 1 2; do", "echo 'open", "ls |")
    # it was not typed, so there is nothing to show besides
    code_generate_error = "!ls"
    code_execute_result: tuple[dict[str, Any], ...] = ()
    code_display_data: tuple[dict[str, Any], ...] = (
        {"code": "true", "mime": "text/plain"},
        {"code": "%%edit a.txt\nx", "mime": "text/html"},
    )
    code_inspect_sample = "docker compose up"
    code_history_pattern = "*echo*"
    supported_history_operations = ("tail", "search")
    code_clear_output = ""
    code_page_something = ""


def test_all_of_them_are_run() -> None:
    names = unittest.defaultTestLoader.getTestCaseNames(TestProtocol)
    assert len(names) >= 12
    assert Path(jupyter_kernel_test.__file__).is_file()
