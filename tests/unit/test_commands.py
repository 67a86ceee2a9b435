"""Which programs a line of shell starts, and what an index lists them under."""

import pytest

from seatrial.commands import functions, heading, normalised, simple_commands


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
