"""What pages and the sample project rely on in the images, stand-ins or official ones."""

import os
import shlex
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.engine

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def exports_in(output: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment after a shell has evaluated what `engine.py env` printed."""
    script = f"{output}\nexec env -0"
    shell = ["bash", "--norc", "-c", script]
    done = subprocess.run(shell, env=environment, capture_output=True, text=True, check=True)
    return dict(line.split("=", 1) for line in done.stdout.split("\0") if line)


class Docker:
    """Docker's client on one engine, and the containers that a test has started with it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Talk to the engine that this environment names."""
        self.environment = environment
        self.started: list[str] = []

    def __call__(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `docker`, and fail with what it said if it was meant to succeed."""
        command = ["docker", *arguments]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False
        )
        if check and done.returncode:
            pytest.fail(f"{shlex.join(command)} ended with {done.returncode}: {done.stderr}")
        return done

    def create(self, *arguments: str) -> str:
        """Create a container that is removed when the test ends, and return its name."""
        name = f"engine-test-{uuid.uuid4().hex[:12]}"
        self.started.append(name)
        self("create", "--name", name, *arguments)
        return name

    def start(self, *arguments: str) -> str:
        """Create and start a container that is removed when the test ends."""
        name = self.create(*arguments)
        self("start", name)
        return name

    def remove(self) -> None:
        """Remove the containers that were started, and their volumes."""
        if self.started:
            self("rm", "--force", "--volumes", *self.started, check=False)


def eventually(what: str, holds: Callable[[], bool], seconds: float = 90) -> None:
    """Wait until something holds, or fail and say what did not."""
    limit = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > limit:
            pytest.fail(f"after {seconds:.0f} s, {what} has not come to be")
        time.sleep(0.5)


@pytest.fixture(scope="session")
def environment(run_engine: Run) -> dict[str, str]:
    """Return the environment that `engine.py env` makes."""
    return exports_in(run_engine("env").stdout, os.environ)


@contextmanager
def client(environment: Mapping[str, str]) -> Iterator[Docker]:
    """Give a client of the current engine, or skip the test with the reason."""
    made = Docker(environment)
    try:
        answer = made("version", "--format", "{{.Server.Version}}", check=False)
    except FileNotFoundError:
        pytest.skip("no Docker: start one with `make engine`")
    if answer.returncode:
        pytest.skip(f"no Docker answers: {answer.stderr.strip()}")
    try:
        yield made
    finally:
        made.remove()


@pytest.fixture
def docker(environment: dict[str, str]) -> Iterator[Docker]:
    """Give a test the current engine."""
    with client(environment) as made:
        yield made


def healthy(docker: Docker, container: str, *probe: str) -> Callable[[], bool]:
    """Return what asks whether a command succeeds in a container."""
    return lambda: docker("exec", container, *probe, check=False).returncode == 0


def test_postgres_refuses_to_start_without_a_password(docker: Docker) -> None:
    name = docker.create("postgres:17")
    done = docker("start", "--attach", name, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(
        "Error: Database is uninitialized and superuser password is not specified.\n"
        "       You must specify POSTGRES_PASSWORD to a non-empty value for the\n"
    )


def test_postgres_refuses_a_password_that_is_given_twice(docker: Docker) -> None:
    variables = ("--env=POSTGRES_PASSWORD=x", "--env=POSTGRES_PASSWORD_FILE=/x")
    done = docker("start", "--attach", docker.create(*variables, "postgres:17"), check=False)
    assert done.returncode == 1
    wanted = "error: both POSTGRES_PASSWORD and POSTGRES_PASSWORD_FILE are set (but are exclusive)"
    assert done.stderr.strip() == wanted


def test_postgres_warns_of_a_database_that_asks_nobody(docker: Docker) -> None:
    name = docker.start("--env=POSTGRES_HOST_AUTH_METHOD=trust", "postgres:17")
    wanted = 'WARNING: POSTGRES_HOST_AUTH_METHOD has been set to "trust". This will allow'
    eventually("the warning", lambda: wanted in docker("logs", name).stderr)


@pytest.mark.parametrize("major", [17, 18])
def test_postgres_tells_its_version_without_a_password(docker: Docker, major: int) -> None:
    output = docker("run", "--rm", f"postgres:{major}", "postgres", "--version").stdout
    assert output.startswith(f"postgres (PostgreSQL) {major}.")


@pytest.fixture(scope="module", params=[17, 18])
def database(
    environment: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[str]:
    """Give tests one container of PostgreSQL with a user, a database and a script of its own."""
    folder = tmp_path_factory.mktemp("database")
    script = folder / "table.sql"
    script.write_text("create table harbour (name text);")
    password = folder / "password"
    password.write_text("lighthouse\n")
    script.chmod(0o644)
    password.chmod(0o644)
    variables = ("POSTGRES_USER=ada", "POSTGRES_DB=port", "POSTGRES_PASSWORD_FILE=/password")
    options = [word for variable in variables for word in ("--env", variable)]
    with client(environment) as docker:
        name = docker.create(*options, f"postgres:{request.param}")
        docker("cp", str(password), f"{name}:/password")
        docker("cp", str(script), f"{name}:/docker-entrypoint-initdb.d/table.sql")
        docker("start", name)
        # While it is being initialised, the server does not listen on TCP.
        eventually(
            "PostgreSQL", healthy(docker, name, "pg_isready", "-h", "127.0.0.1", "-U", "ada")
        )
        yield name


def test_postgres_makes_what_its_variables_and_scripts_describe(
    docker: Docker, database: str
) -> None:
    query = "select current_user, current_database(), count(*) from harbour"
    psql = ("psql", "-U", "ada", "-At", "-c", query, "port")
    assert docker("exec", database, *psql).stdout == "ada|port|0\n"


def test_postgres_asks_other_machines_for_the_password(docker: Docker, database: str) -> None:
    def ask(address: str, password: str) -> int:
        command = f'psql -h {address} -U ada -c "select 1" port'
        variable = f"PGPASSWORD={password}"
        done = docker("exec", "-e", variable, database, "sh", "-c", command, check=False)
        return done.returncode

    assert ask("127.0.0.1", "wrong") == 0
    assert ask("$(hostname -i)", "wrong") == 2
    assert ask("$(hostname -i)", "lighthouse") == 0


def test_postgres_finds_its_data_again(docker: Docker, database: str) -> None:
    docker("exec", database, "psql", "-U", "ada", "-c", "insert into harbour values ('x')", "port")
    docker("restart", database)
    eventually("PostgreSQL", healthy(docker, database, "pg_isready", "-h", "127.0.0.1"))
    psql = ("psql", "-U", "ada", "-At", "-c", "select count(*) from harbour", "port")
    assert docker("exec", database, *psql).stdout == "1\n"


def test_postgres_runs_as_its_own_user_and_stops_cleanly(docker: Docker, database: str) -> None:
    # the last of those that share it: nothing runs in it from now on
    owner = docker("exec", database, "stat", "-c", "%U", "/proc/1").stdout
    assert owner == "postgres\n"
    docker("stop", database)
    assert docker("inspect", "-f", "{{.State.ExitCode}}", database).stdout == "0\n"


@pytest.mark.parametrize(
    ("file", "found"),
    [("PG_VERSION", "/data"), ("nothing", "/data (unused mount/volume)")],
)
def test_postgres_18_refuses_the_old_place_of_the_volume(
    docker: Docker, file: str, found: str
) -> None:
    old = "/var/lib/postgresql/data"
    docker.start(
        "--volume", old, "--entrypoint", "bash", "postgres:18", "-c", f"echo 17 > {old}/{file}"
    )
    name = docker.create(
        "--volumes-from", docker.started[-1], "--env", "POSTGRES_PASSWORD=x", "postgres:18"
    )
    done = docker("start", "--attach", name, check=False)
    assert done.returncode == 1
    assert (
        "Error: in 18+, these Docker images are configured to store database data in a"
        in done.stderr
    )
    assert (
        f"there appears to be PostgreSQL data in:\n         /var/lib/postgresql{found}\n"
        in done.stderr
    )


def test_postgres_keeps_its_files_where_the_official_image_has_them(docker: Docker) -> None:
    wanted = "{{json .Config.Volumes}} {{json .Config.Env}}"
    for major, volume, data in ((17, "data", "data"), (18, "", "18/docker")):
        said = docker("image", "inspect", "-f", wanted, f"postgres:{major}").stdout
        assert f'"/var/lib/postgresql{volume and "/" + volume}":{{}}' in said
        assert f'"PGDATA=/var/lib/postgresql/{data}"' in said


def test_python_and_pip_are_where_the_official_image_has_them(docker: Docker) -> None:
    code = (
        "import sys, sysconfig, shutil;"
        "print(sys.version_info[:2], sys.prefix, sysconfig.get_path('purelib'),"
        " *map(shutil.which, ('python', 'python3', 'pip')))"
    )
    output = docker("run", "--rm", "python:3.13-slim", "python", "-c", code).stdout
    assert output.split(") ")[0] == "(3, 13"
    assert output.split(") ")[1].split() == [
        "/usr/local",
        "/usr/local/lib/python3.13/site-packages",
        "/usr/local/bin/python",
        "/usr/local/bin/python3",
        "/usr/local/bin/pip",
    ]


def test_pip_installs_from_inside_a_container(docker: Docker) -> None:
    command = "pip install --quiet --root-user-action=ignore six && python -c 'import six'"
    docker("run", "--rm", "python:3.13-slim", "sh", "-c", command)


def test_the_python_image_starts_python(docker: Docker) -> None:
    command = docker("image", "inspect", "-f", "{{json .Config.Cmd}}", "python:3.13-slim").stdout
    assert command == '["python3"]\n'


def test_haproxy_serves_as_an_unprivileged_user(docker: Docker, tmp_path: Path) -> None:
    settings = tmp_path / "haproxy.cfg"
    settings.write_text(
        "defaults\n  mode http\n  timeout client 5s\n  timeout server 5s\n  timeout connect 5s\n"
        "frontend web\n  bind :8000\n"
        "  http-request return status 200 content-type text/plain string calm\n"
    )
    settings.chmod(0o644)
    name = docker.create("haproxy:3.0")
    docker("cp", str(settings), f"{name}:/usr/local/etc/haproxy/haproxy.cfg")
    docker("start", name)
    ask = 'exec 3<>/dev/tcp/127.0.0.1/8000 && printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3 && cat <&3'
    eventually("HAProxy", healthy(docker, name, "bash", "-c", ask))
    assert "calm" in docker("exec", name, "bash", "-c", ask).stdout
    assert docker("exec", name, "id", "-un").stdout == "haproxy\n"
    docker("stop", name)
    assert docker("inspect", "-f", "{{.State.ExitCode}}", name).stdout == "0\n"


def test_seaweedfs_answers_as_s3(docker: Docker) -> None:
    name = docker.start("chrislusf/seaweedfs:4.48", "mini", "-dir=/data", "-bucket=media")
    ask = ("wget", "-qO-", "http://127.0.0.1:8333/")
    eventually("the S3 interface", healthy(docker, name, *ask))
    assert "ListAllMyBucketsResult" in docker("exec", name, *ask).stdout
    wanted = "{{json .Config.Volumes}} {{json .Config.Cmd}}"
    said = docker("image", "inspect", "-f", wanted, "chrislusf/seaweedfs:4.48").stdout
    assert said == '{"/data":{}} ["mini","-dir=/data"]\n'
    assert docker("exec", name, "stat", "-c", "%u %U", "/proc/1", "/data").stdout == (
        "1000 seaweed\n1000 seaweed\n"
    )


def test_bugsink_comes_up_with_the_superuser_it_was_given(docker: Docker) -> None:
    name = docker.start(
        "--env=SECRET_KEY=a-key-that-is-longer-than-the-fifty-characters-asked-for",
        "--env=CREATE_SUPERUSER=ada@example.org:lighthouse",
        "--env=BASE_URL=http://localhost:8000",
        "bugsink/bugsink:2",
    )
    code = "import urllib.request as r; print(r.urlopen('http://localhost:8000/').url)"
    ask = ("python", "-c", code)
    eventually("Bugsink", healthy(docker, name, *ask))
    assert "/login/" in docker("exec", name, *ask).stdout
    code = (
        "from django.contrib.auth import authenticate as a;"
        "print('user', a(username='ada@example.org', password='lighthouse'))"
    )
    assert (
        "user ada@example.org" in docker("exec", name, "bugsink-manage", "shell", "-c", code).stdout
    )
