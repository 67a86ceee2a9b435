"""The files for Kubernetes are what its published schemas ask for."""

import copy
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
VERSION = "1.34"
RESOURCES: list[dict[str, Any]] = list(
    yaml.safe_load_all((ROOT / "deploy/kubernetes.yaml").read_text())
)


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda each: each["kind"])
def test_a_resource_fits_its_schema(resource: dict[str, Any]) -> None:
    kubernetes_validate.validate(resource, VERSION, strict=True)


def test_a_broken_resource_does_not() -> None:
    broken = copy.deepcopy(RESOURCES[0])
    broken["spec"]["backoffLimitPerIndexes"] = 1
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, VERSION, strict=True)


def test_the_engine_is_a_sidecar_that_answers_before_the_share_starts() -> None:
    pod = RESOURCES[0]["spec"]["template"]["spec"]
    (engine,) = pod["initContainers"]
    assert engine["restartPolicy"] == "Always"
    assert "startupProbe" in engine
    (share,) = pod["containers"]
    address = {each["name"]: each["value"] for each in share["env"]}["DOCKER_HOST"]
    assert f"--host={address}" in engine["args"]
