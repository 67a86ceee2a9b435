"""Which programs a line of shell starts, and what an index lists them under."""

import pytest

from seatrial.transcript.commands import (
    functions,
    heading,
    may_speak_to_docker,
    normalised,
    simple_commands,
)


def listed(text: str) -> list[str]:
    return [normalised(words) for words in simple_commands(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("docker compose ps", ["docker compose ps"]),
        ("docker-compose down -v", ["docker compose down -v"]),
        ("curl -s x | grep -c y | wc -l", ["curl -s x", "grep -c y", "wc -l"]),
        (
            "until docker compose exec db pg_isready; do sleep 0.2; done",
            ["docker compose exec db pg_isready"],
        ),
        ("token=$(docker compose exec -T errors make)", ["docker compose exec -T errors make"]),
        ("A=1 B=2 psql -c 'select 1; select 2'", ["psql -c 'select 1; select 2'"]),
        ('if [ "$(docker ps -q)" = "" ]; then docker info; fi', ["docker ps -q", "docker info"]),
        ("for n in 1 2 3; do docker ps; done", ["docker ps"]),
        ("pg_dump db > dump.sql && gzip dump.sql", ["pg_dump db > dump.sql", "gzip dump.sql"]),
        ("psql db < dump.sql", ["psql db < dump.sql"]),
        ("cat > f <<'END'\ndocker ps\nEND\ndocker info", ["cat > f", "docker info"]),
        ("docker   run  --rm \\\n  postgres:17", ["docker run --rm postgres:17"]),
        ("docker logs web 2>&1 | grep -c x", ["docker logs web 2>&1", "grep -c x"]),
        ("docker rm $(docker ps -q)", ["docker ps -q", "docker rm $(…)"]),
        (
            "[ $(docker ps -q | wc -l) = 2 ] && docker info",
            ["docker ps -q", "wc -l", "docker info"],
        ),
        ("ls $(pwd)/records", ["pwd", "ls $(…)/records"]),
        ("diff <(sort a) <(sort b)", ["sort a", "sort b", "diff <(…) <(…)"]),
        ("ask() { curl -s x; }", ["curl -s x"]),
        ("(cd x; docker ps)", ["docker ps"]),
        (
            '[ "$(psql -c "select count(*) from x" db)" = 0 ]',
            ['psql -c "select count(*) from x" db'],
        ),
        ("echo hello", []),
        ("docker inspect 0123456789ab", ["docker inspect …"]),
        ("echo 'unfinished", []),
        ("docker ps 'unfinished", ["docker ps"]),
        ("cat <<END", ["cat"]),
        ("cat <<END\na b\nEND\ncat <<END\nc d\nEND\nls x", ["cat", "cat", "ls x"]),
        ('docker rm "$(docker ps -q)"', ["docker ps -q", 'docker rm "$(…)"']),
        (
            'curl "http://$(docker port web)/"',
            ["docker port web", 'curl "http://$(docker port web)/"'],
        ),
        ("ls -l $(pwd)/records", ["pwd", "ls -l $(…)/records"]),
        ("tee >(sort a)", ["sort a", "tee >(…)"]),
        ("$x ps; > f; 2> f; < f; -q; \\# x", ["\\# x"]),
    ],
)
def test_the_programs_of_a_line(text: str, expected: list[str]) -> None:
    assert listed(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("docker compose exec db psql", "docker compose exec"),
        ("docker-compose exec db psql", "docker compose exec"),
        ("docker compose --profile errors up -d", "docker compose up"),
        ("docker compose -p other down", "docker compose down"),
        ("docker exec -it web sh", "docker exec"),
        ("docker --host x network inspect y", "docker network inspect"),
        ("docker compose --help", "docker compose"),
        ("docker compose config web", "docker compose config"),
        ("docker --host", "docker"),
        ("psql -h db", "psql"),
    ],
)
def test_what_a_command_is_listed_under(text: str, expected: str) -> None:
    assert heading(text.split()) == expected


def test_functions_are_known_by_their_definitions() -> None:
    assert functions('ask() { curl -s "$1"; }\nanswer () { ask x; }; sum=$(expr 1)') == {
        "ask",
        "answer",
    }


@pytest.mark.parametrize(
    "text",
    [
        "docker ps",
        "docker-compose up",
        "sudo docker ps",
        "sudo -u ada docker ps",
        "DOCKER_X=1 docker ps",
        "time docker ps",
        "/usr/bin/docker ps",
        "rm $(docker ps -q)",
        "rm `docker ps -q`",
        'echo "$(docker ps)"',
        "ls | xargs docker rm",
        "until docker compose ps; do sleep 1; done",
        "cat x; docker ps",
        "cat x 2>&1 && docker ps",
        "(docker ps)",
        "if docker ps; then echo yes; fi",
        "! docker ps",
        "docker ps -q | head",
        "cat docker-compose.yml | docker compose -f - config",
        "sh -c 'docker ps'",
        "env X=1 docker ps",
        "watch docker ps",
        "x=docker; $x ps",
        "alias d=docker",
        "echo docker ps | sh",
        "echo docker ps > run.sh",
        "cat > run.sh <<END\ndocker ps\nEND",
        "eval docker ps",
        "make docker",
        "diff <(docker ps) x",
        "echo 'unfinished; docker ps",
    ],
)
def test_what_may_start_docker_does(text: str) -> None:
    assert may_speak_to_docker(text)


@pytest.mark.parametrize(
    "text",
    [
        "ls",
        "ls docker-compose.yml",
        "cat docker/Dockerfile 2> /dev/null",
        "grep -c docker requirements.txt | head -1",
        'grep "docker|podman; x" notes.txt',
        "cd docker && ls",
        "echo docker",
        "printf 'a\\ndocker\\n'",
        "mkdir -p docker; touch docker/x",
        "ls 2>&1 docker",
        "ls # docker ps",
        "wc -l < docker-compose.yml",
        "dockerize x",
    ],
)
def test_what_only_names_docker_does_not_start_it(text: str) -> None:
    assert not may_speak_to_docker(text)
