"""What Docker did, in words: one table from the engine's actions to sentences."""

import pytest

from seatrial.pages.lives import engine_words, lives, phrases
from seatrial.transcript.events import Sighting


def did(actions: str, name: str = "web", *, one_off: bool = False) -> Sighting:
    """What the engine told of a container."""
    return Sighting("container", name, tuple(actions.split()), one_off)


# Sequences as engine 28.5 and 29 tell them; `stop` may stand on either side of `die`.
@pytest.mark.parametrize(
    ("actions", "words"),
    [
        ("create start", ("was created", "was started")),
        ("create", ("was created",)),
        ("start", ("was started",)),
        ("kill stop die", ("was stopped",)),
        ("kill die stop", ("was stopped",)),
        ("kill kill die stop", ("was stopped",)),
        ("kill die", ("was killed",)),
        ("die", ("ended",)),
        ("oom die", ("ran out of memory", "ended")),
        ("die oom", ("ran out of memory", "ended")),
        ("start die oom oom", ("was started", "ran out of memory", "ended")),
        ("die oom start", ("ran out of memory", "ended, and was restarted by its policy")),
        ("kill die oom", ("was killed", "ran out of memory")),
        ("stop die oom", ("was stopped", "ran out of memory")),
        ("exec_die oom", ("had a program end in it", "ran out of memory")),
        ("oom oom die start", ("ran out of memory", "ended, and was restarted by its policy")),
        ("die start", ("ended, and was restarted by its policy",)),
        ("die start die", ("ended, and was restarted by its policy", "ended")),
        ("kill stop die start restart", ("was restarted",)),
        ("kill die stop start restart", ("was restarted",)),
        ("kill kill die stop start restart", ("was restarted",)),
        ("start restart", ("was restarted",)),
        ("kill stop die destroy", ("was stopped", "was removed")),
        ("kill die destroy", ("was killed", "was removed")),
        ("create start die destroy", ("was created", "was started", "ended", "was removed")),
        ("kill", ("was sent a signal",)),
        ("pause unpause", ("was paused", "was unpaused")),
        ("exec_create exec_start exec_die", ("ran a command",)),
        ("exec_create exec_start", ("had a program opened in it",)),
        ("commit", ("had commit",)),
    ],
)
def test_a_life_has_words(actions: str, words: tuple[str, ...]) -> None:
    assert phrases(did(actions)) == words


def test_one_container_for_another_of_its_service_is_recreated() -> None:
    new = did("create rename start", "db")
    for old in ("kill stop die destroy", "kill stop die rename destroy", "rename destroy"):
        assert lives([did(old, "db"), new]) == ("db was recreated",)
        assert lives([new, did(old, "db")]) == ("db was recreated",)


def test_two_of_a_service_are_recreated_twice_and_counted() -> None:
    seen = [did("create rename start")] * 2 + [did("kill stop die destroy")] * 2
    assert lives(seen) == ("2 of web were recreated",)


@pytest.mark.parametrize(
    "seen",
    [
        [did("create start", "db"), did("kill stop die destroy", "web")],
        [did("create start"), did("create start")],
        [did("create start die destroy", one_off=True), did("kill die destroy", one_off=True)],
        [did("create start die destroy"), did("kill die destroy")],
    ],
)
def test_what_is_no_exchange_is_not_called_recreated(seen: list[Sighting]) -> None:
    assert not any("recreated" in line for line in lives(seen))


def test_other_objects_have_words_too() -> None:
    assert lives(
        [
            did("create start die destroy", one_off=True),
            Sighting("network", "example_default", ("create",)),
            Sighting("volume", "(anonymous)", ("destroy",)),
        ]
    ) == (
        "a new container of web was created, started, ended and was removed",
        "the network example_default was created",
        "an anonymous volume was removed",
    )


def test_what_is_told_of_several_is_one_sentence() -> None:
    seen = [did("create start", name) for name in ("db", "media", "web", "web")]
    assert lives([*seen, did("kill stop die destroy", "balancer")]) == (
        "db, media and 2 of web were created and started",
        "balancer was stopped and removed",
    )
    seen = [did("exec_create exec_start exec_die exec_create exec_start exec_die")]
    assert lives(seen) == ("web ran 2 commands",)


def test_the_engines_own_words_stay() -> None:
    assert (
        engine_words(did("create start", one_off=True)) == "one-off container of web: create, start"
    )
    assert engine_words(did("exec_create exec_start exec_die")) == "container web: exec"


def test_what_a_command_may_have_started_its_policy_did_not() -> None:
    again = [did("die start")]
    assert lives(again) == ("web ended, and was restarted by its policy",)
    assert lives(again, "docker compose start web") == ("web ended, and was started again",)


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("create rename start", "web was recreated"),
        ("create rename start die", "web was recreated and ended"),
        ("create", "web was recreated and not started"),
    ],
)
def test_what_became_of_the_new_one_is_told_too(new: str, said: str) -> None:
    assert lives([did("kill die stop destroy"), did(new)]) == (said,)


def test_an_image_that_goes_is_removed_and_one_of_two_names_is_lost() -> None:
    def image(actions: str) -> Sighting:
        return Sighting("image", "example-web", tuple(actions.split()))

    assert lives([image("untag delete")]) == ("the image example-web was removed",)
    assert lives([image("untag")]) == ("the image example-web lost its name",)
