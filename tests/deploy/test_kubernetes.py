"""The Kubernetes manifests: valid by the schemas of Kubernetes, and as closed as the systemd units."""

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

ROOT = Path(__file__).parents[2]
MANIFESTS = sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
VERSIONS = ("1.31", kubernetes_validate.latest_version())
RESOURCES: list[dict[str, Any]] = [one for path in MANIFESTS for one in yaml.safe_load_all(path.read_text())]
PODS = {one["metadata"]["name"]: one["spec"]["template"] for one in RESOURCES if one["kind"] in {"Deployment", "Job"}}


@pytest.mark.parametrize("version", VERSIONS)
def test_each_manifest_is_valid(version: str) -> None:
    for resource in RESOURCES:
        kubernetes_validate.validate(resource, version, strict=True)


def test_an_unknown_field_is_found() -> None:
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**RESOURCES[0], "replica": 2}, VERSIONS[-1], strict=True)


def test_every_kind_that_is_needed_is_there() -> None:
    assert sorted((one["kind"], one["metadata"]["name"]) for one in RESOURCES) == [
        ("ConfigMap", "arcadia-billing"),
        ("Deployment", "arcadia-billing-api"),
        ("Deployment", "arcadia-billing-worker"),
        ("Job", "arcadia-billing-migrate"),
        ("NetworkPolicy", "arcadia-billing"),
        ("NetworkPolicy", "arcadia-billing-api"),
        ("PodDisruptionBudget", "arcadia-billing-api"),
        ("PodDisruptionBudget", "arcadia-billing-worker"),
        ("Service", "arcadia-billing"),
    ]


@pytest.mark.parametrize("name", PODS)
def test_each_pod_runs_without_privileges_on_a_read_only_root(name: str) -> None:
    spec = PODS[name]["spec"]
    (container,) = spec["containers"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == 10001
    assert spec["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    secrets = [one["secretRef"]["name"] for one in container["envFrom"] if "secretRef" in one]
    assert ("arcadia-billing-owner" in secrets) == (name == "arcadia-billing-migrate")


def test_each_selector_finds_the_pods_it_is_for() -> None:
    labels = {name: pod["metadata"]["labels"] for name, pod in PODS.items()}
    for resource in RESOURCES:
        spec = resource.get("spec", {})
        selector = spec.get("podSelector", spec.get("selector", {}))
        wanted = selector.get("matchLabels", selector)
        found = {name for name, its in labels.items() if wanted.items() <= its.items()} if wanted else set()
        match resource["kind"]:
            case "Deployment" | "PodDisruptionBudget":
                assert found == {resource["metadata"]["name"]}
            case "Service":
                assert found == {"arcadia-billing-api"}
            case "NetworkPolicy":
                closed = set(PODS) if "Egress" in spec["policyTypes"] else {"arcadia-billing-api"}
                assert found == closed


def test_every_setting_that_is_named_exists() -> None:
    known = set(re.findall(r"(?m)^(ARCADIA_\w+)=", (ROOT / ".env.example").read_text()))
    texts = [path.read_text() for path in (ROOT / "deploy").rglob("*.*")]
    named = {name for text in texts for name in re.findall(r"\bARCADIA_\w+", text)}
    assert len(named) > 5
    assert named - known == set()
