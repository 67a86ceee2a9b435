"""What a project's Compose file says of ports, however it is written."""

import socket
from pathlib import Path

import pytest

from seatrial.errors import SandboxError
from seatrial.run.compose import compose_file, parsed, refuse_taken
from seatrial.transcript.folders import COMPOSE_FILES


@pytest.mark.parametrize(
    ("ports", "published"),
    [
        ('["8000:80"]', (("0.0.0.0", 8000),)),
        ('["[::1]:8000:80"]', (("[::1]", 8000),)),
        ('["127.0.0.1:8000:80/tcp", "5432"]', (("127.0.0.1", 8000),)),
        ('[{target: 80, published: "8000", host_ip: 127.0.0.1}]', (("127.0.0.1", 8000),)),
        ("[{target: 80, published: 8000}]", (("0.0.0.0", 8000),)),
        ('["${PORT}:80", {target: 80}]', ()),
        ("", ()),
    ],
)
def test_a_published_port_is_known_however_it_is_written(
    ports: str, published: tuple[tuple[str, int], ...]
) -> None:
    text = f"services: {{web: {{ports: {ports}}}}}"
    assert parsed(text, Path("compose.yml")).published == published


def test_of_several_files_compose_takes_the_first(tmp_path: Path) -> None:
    assert compose_file(None).published == compose_file(tmp_path).published == ()
    for port, name in enumerate(reversed(COMPOSE_FILES), start=1):
        (tmp_path / name).write_text(f"services: {{web: {{ports: ['{port}:80']}}}}")
        assert compose_file(tmp_path).published == (("0.0.0.0", port),)


def test_what_is_no_yaml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "compose.yml").write_text("services: [")
    with pytest.raises(SandboxError, match=r"compose\.yml cannot be read"):
        compose_file(tmp_path)


def test_a_port_that_somebody_listens_on_is_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address, port = taken.getsockname()
        with pytest.raises(SandboxError, match=f"port {port} of 127.0.0.1 is already in use"):
            refuse_taken([(address, port)])
    refuse_taken([(address, port)])
