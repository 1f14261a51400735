"""What the Kubernetes manifests promise, read from the files: there need not be a cluster here."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS: list[dict[str, Any]] = [
    document
    for file in sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
    for document in yaml.safe_load_all(file.read_text(encoding="utf-8"))
]
PODS: dict[str, dict[str, Any]] = {
    document["metadata"]["name"]: document["spec"]["template"]["spec"]
    for document in DOCUMENTS
    if document["kind"] in ("StatefulSet", "Job")
}
CONFIG: dict[str, str] = next(document["data"] for document in DOCUMENTS if document["kind"] == "ConfigMap")
each_pod = pytest.mark.parametrize("name", PODS)


def container(name: str) -> dict[str, Any]:
    (only,) = PODS[name]["containers"]
    return dict(only)


def test_there_are_workers_two_jobs_and_their_settings() -> None:
    kinds = sorted((document["kind"], document["metadata"]["name"]) for document in DOCUMENTS)
    assert kinds == [
        ("ConfigMap", "techhub-cdc"),
        ("Job", "techhub-cdc-apply"),
        ("Job", "techhub-cdc-migrate"),
        ("Service", "techhub-cdc-worker"),
        ("StatefulSet", "techhub-cdc-worker"),
    ]


@each_pod
def test_nobody_is_root_and_nobody_gains_rights(name: str) -> None:
    pod, only = PODS[name], container(name)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 10001
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert only["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not pod.keys() & {"hostNetwork", "hostPID", "hostIPC"}
    assert all("hostPath" not in volume for volume in pod["volumes"])


@each_pod
def test_the_image_is_the_one_that_compose_builds(name: str) -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    assert container(name)["image"] == compose["services"]["worker"]["image"]


@each_pod
def test_memory_is_bounded(name: str) -> None:
    assert "memory" in container(name)["resources"]["limits"]


@each_pod
def test_secrets_are_files_of_a_mounted_secret(name: str) -> None:
    mounts = {mount["name"]: mount["mountPath"] for mount in container(name)["volumeMounts"]}
    assert mounts.keys() == {volume["name"] for volume in PODS[name]["volumes"]}
    for variable in container(name)["env"]:
        if re.search("PASSWORD|DSN", variable["name"]):
            assert variable["name"].endswith("_FILE")
            assert variable["value"].startswith(f"{mounts['secrets']}/")


@each_pod
def test_every_setting_exists_and_fits(name: str) -> None:
    given = {variable["name"] for variable in container(name)["env"]} | CONFIG.keys()
    known = {f"{PREFIX}{field.upper()}" for field in Settings.model_fields}
    assert {variable.removesuffix("_FILE") for variable in given} <= known
    values: dict[str, Any] = {name.removeprefix(PREFIX).lower(): value for name, value in CONFIG.items()}
    Settings(_env_file=None, **values)


def test_a_worker_is_named_after_its_pod_which_no_other_pod_shares() -> None:
    (name,) = (
        variable for variable in container("techhub-cdc-worker")["env"] if variable["name"].endswith("WORKER_ID")
    )
    assert name["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}


def test_capture_is_encrypted_and_the_connectors_configuration_holds_no_password() -> None:
    assert CONFIG["TECHHUB_CONNECTOR_POSTGRES_SSLMODE"] == "verify-full"
    assert CONFIG["TECHHUB_KAFKA_SECURITY_PROTOCOL"] == "SASL_SSL"
    assert CONFIG["TECHHUB_CONNECTOR_PASSWORD_REFERENCE"].startswith("${file:")
