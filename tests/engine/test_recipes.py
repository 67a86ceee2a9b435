"""When a stand-in is built anew, and what it takes over from the machine."""

import dataclasses
import shutil
from pathlib import Path

import images
import pytest

MACHINE = images.Machine(mirror="http://mirror.example/debian/", certificates=(), pip=(), apt=())
PYTHON = next(image for image in images.IMAGES if image.recipe == "python")
CERTIFICATE = "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n"


@pytest.fixture
def recipes(tmp_path: Path) -> Path:
    """Return a copy of the recipes that a test may change."""
    return Path(shutil.copytree(images.RECIPES, tmp_path / "recipes"))


def test_the_same_recipe_in_another_checkout_has_the_same_hash(recipes: Path) -> None:
    for image in images.IMAGES:
        assert images.recipe_hash(image, MACHINE, recipes) == images.recipe_hash(image, MACHINE)


def test_a_changed_line_changes_the_hash_of_its_images_and_of_no_other(recipes: Path) -> None:
    before = {image: images.recipe_hash(image, MACHINE, recipes) for image in images.IMAGES}
    dockerfile = recipes / "postgres" / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text() + "ENV CHANGED=yes\n")
    changed = [
        image
        for image in images.IMAGES
        if images.recipe_hash(image, MACHINE, recipes) != before[image]
    ]
    assert changed == [image for image in images.IMAGES if image.recipe == "postgres"]


def test_a_changed_base_changes_what_is_built_on_it(recipes: Path) -> None:
    before = images.recipe_hash(PYTHON, MACHINE, recipes)
    settings = recipes / "debian" / "apt.conf"
    settings.write_text(settings.read_text() + "// changed\n")
    assert images.recipe_hash(PYTHON, MACHINE, recipes) != before


def test_a_new_certificate_on_the_machine_changes_the_hash() -> None:
    trusting = dataclasses.replace(MACHINE, certificates=(CERTIFICATE.format("MIIB"),))
    assert images.recipe_hash(PYTHON, trusting) != images.recipe_hash(PYTHON, MACHINE)


def test_only_certificates_that_debian_does_not_ship_are_the_machines_own() -> None:
    shipped, own = CERTIFICATE.format("AAAA"), CERTIFICATE.format("BBBB")
    known = shipped.replace("\n", "\r\n")
    assert images.own_certificates(f"# a comment\n{shipped}{own}", known) == (own,)


def test_the_stand_ins_reach_the_index_that_pip_is_told_of(tmp_path: Path) -> None:
    file = tmp_path / "pip.conf"
    file.write_text("[global]\nindex-url = https://file.example/simple\ntrusted-host = a.example\n")
    environment = {"PIP_INDEX_URL": "https://variable.example/simple"}
    assert images.pip_settings(environment, [file, tmp_path / "missing"]) == {
        "PIP_INDEX_URL": "https://variable.example/simple",
        "PIP_TRUSTED_HOST": "a.example",
    }


def test_an_index_on_the_machines_own_disk_is_not_passed_on() -> None:
    environment = {"PIP_EXTRA_INDEX_URL": "file:///srv/simple /srv/other https://c.example/simple"}
    found = images.pip_settings(environment, [])
    assert found == {"PIP_EXTRA_INDEX_URL": "https://c.example/simple"}


def test_a_proxy_of_apt_is_passed_on_and_its_other_settings_are_not() -> None:
    dump = 'APT::Architecture "amd64";\nAcquire::http::Proxy "http://proxy.example:3128";\n'
    assert images.apt_settings(dump) == {"Acquire::http::Proxy": "http://proxy.example:3128"}


def test_every_image_is_built_after_its_base() -> None:
    built: set[str] = set()
    for image in images.IMAGES:
        assert image.base is None or image.base in built
        built.add(image.name)


def test_no_recipe_names_a_mirror_or_an_index() -> None:
    for path in images.RECIPES.rglob("*"):
        if path.is_file():
            # What the official image says names two threads of its own repository, and a manual.
            text = path.read_text().replace("https://github.com/docker-library/postgres/", "")
            text = text.replace("https://www.postgresql.org/docs/", "")
            assert "http" not in text, f"{path.name} names an address"
