"""Image, compose files and Kubernetes manifests: settings that the program accepts, limits, and nothing that moves unseen.
Never here: a container engine; deploy/check validates the files' grammar."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from bot.config import SECRETS_DIR_NAME, Settings, load
from bot.setting_names import OLD_NAMES, PREFIX
from tests.architecture.ground import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

DEPLOY = ROOT / "deploy"
COMPOSE = {
    name: yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))
    for name in ("compose.yaml", "compose.scale.yaml")
}
SERVICES = [(file, name, service) for file, c in COMPOSE.items() for name, service in c["services"].items()]
OURS = [(name, service) for _file, name, service in SERVICES if "EASEL_IMAGE" in service["image"]]
MANIFESTS = [
    document
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
]
PODS = [
    (f"{m['kind']} {m['metadata']['name']}", m["spec"]["template"]["spec"])
    for m in MANIFESTS
    if "template" in m.get("spec", {})
]
GIVEN = {"EASEL_DISCORD_TOKEN": "MTIz.abc.def", "EASEL_OHMYGPT_KEY": "sk-made-up"}


def read(environment: Mapping[str, str]) -> Settings:
    """What the program makes of it; a misspelt name is an error here."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | {SECRETS_DIR_NAME, *OLD_NAMES}
    assert environment.keys() - known == set()
    return load({**GIVEN, **{name: value for name, value in environment.items() if name != SECRETS_DIR_NAME}})


def given_to(service: dict[str, Any]) -> dict[str, str]:
    """What stands in its environment, whatever it may have from a file."""
    return {key: re.sub(r"\$\{[^}]*\}", "secret", value) for key, value in service["environment"].items()}


def kind(name: str) -> list[dict[str, Any]]:
    return [m for m in MANIFESTS if m["kind"] == name]


# -- compose -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "service"), OURS)
def test_the_program_accepts_every_setting_that_compose_gives_it(name: str, service: dict[str, Any]) -> None:
    settings = read(given_to(service))

    assert settings.web_listen is not None
    if name.startswith("gateway-"):
        assert (settings.role, settings.shard_ids) == ("gateway", (int(name[-1]),))


@pytest.mark.parametrize(("name", "service"), OURS)
def test_health_is_answered_where_compose_asks_for_it_whatever_the_owners_file_says(
    name: str, service: dict[str, Any]
) -> None:
    settings = read({"EASEL_HEALTH_LISTEN": ":9000", **given_to(service)})

    answering = settings.health_listen or settings.web_listen
    assert answering is not None, name
    asked = service.get("healthcheck", {}).get("test") or (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert f":{answering.port}/healthz" in str(asked)


def test_compose_runs_every_shard_once() -> None:
    services = COMPOSE["compose.scale.yaml"]["services"]
    counts = {
        s["environment"]["EASEL_SHARD_COUNT"] for _n, s in OURS if "EASEL_SHARD_COUNT" in s["environment"]
    }

    assert counts == {str(sum(name.startswith("gateway-") for name in services))}


@pytest.mark.parametrize(("file", "name", "service"), SERVICES)
def test_every_container_is_limited_and_its_log_ends(file: str, name: str, service: dict[str, Any]) -> None:
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"]), (file, name)
    assert service["pids_limit"] <= 512
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}
    assert service["image"].startswith("${EASEL_"), "an image that nobody can pin"
    assert not re.search(r":latest\}$", service["image"])
    assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", ()))
    assert "healthcheck" in service or "EASEL_IMAGE" in service["image"] or name == "rest-proxy"


@pytest.mark.parametrize(("name", "service"), OURS)
def test_our_containers_can_do_nothing_but_their_work(name: str, service: dict[str, Any]) -> None:
    assert service["read_only"], name
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_a_password_of_another_service_does_not_look_like_a_setting() -> None:
    text = (DEPLOY / "compose.scale.yaml").read_text(encoding="utf-8")

    assert set(re.findall(r"\$\{(\w+):\?", text)) == {"POSTGRES_PASSWORD", "GRAFANA_PASSWORD"}
    assert "/scale.env" in (ROOT / ".gitignore").read_text(encoding="utf-8")


def test_projects_have_names_of_their_own() -> None:
    assert [compose["name"] for compose in COMPOSE.values()] == ["easel", "easel-scale"]


# -- the image -----------------------------------------------------------------------------------------------


def test_the_base_image_is_named_once_and_the_release_pins_it_by_digest() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    release = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")

    assert re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE) == ["${BASE}", "${BASE}"]
    assert len(re.findall(r"^ARG BASE=python:3\.\d+-slim\b", dockerfile, re.MULTILINE)) == 1
    assert "deploy/pin-images --base" in release
    assert re.search(r"build-args:.*\n?.*BASE=\$\{\{ steps\.base\.outputs\.\w+ \}\}", release)


def test_the_image_gets_every_file_that_it_copies() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    wanted = {
        word
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE)
        for word in line.split()
    }
    let_in = set(
        re.findall(
            r"^!(\S+)$", (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8"), re.MULTILINE
        )
    )

    assert wanted == let_in
    assert all((ROOT / name).exists() for name in wanted)


# -- Kubernetes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "pod"), PODS)
def test_every_pod_runs_as_nobody_within_limits(name: str, pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]

    assert pod["securityContext"]["runAsNonRoot"], name
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False, (
        "or a Service called easel makes variables that look like settings"
    )
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("which", ["StatefulSet", "Deployment"])
def test_the_program_accepts_every_setting_that_kubernetes_gives_it(which: str) -> None:
    (workload,) = kind(which)
    pod = workload["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    (config,) = kind("ConfigMap")
    environment = dict(config["data"])
    for entry in container["env"]:
        value = entry.get("value", "postgresql+asyncpg://easel:x@postgres/easel")
        environment[entry["name"]] = value.replace("$(ORDINAL)", "1")
    ordinal = environment.pop("ORDINAL", None)

    settings = read(environment)

    assert settings.stop_timeout < pod["terminationGracePeriodSeconds"]
    if which == "StatefulSet":
        assert ordinal is not None
        assert settings.shard_ids == (1,)
        assert workload["spec"]["replicas"] == settings.shard_count
        assert workload["spec"]["podManagementPolicy"] == "OrderedReady"
        names = [entry["name"] for entry in container["env"]]
        assert names.index("ORDINAL") < names.index("EASEL_SHARD_IDS"), "a variable names only earlier ones"
    else:
        assert (settings.role, settings.shard_ids) == ("worker", None)


@pytest.mark.parametrize("which", ["StatefulSet", "Deployment"])
def test_kubernetes_restarts_for_death_and_only_waits_for_readiness(which: str) -> None:
    (workload,) = kind(which)
    (container,) = workload["spec"]["template"]["spec"]["containers"]

    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["startupProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_selectors_choose_pods_that_exist() -> None:
    pods = [m["spec"]["template"]["metadata"]["labels"] for m in MANIFESTS if "template" in m.get("spec", {})]
    for manifest in MANIFESTS:
        selector = manifest.get("spec", {}).get("selector") or manifest.get("spec", {}).get("podSelector")
        if selector:
            wanted = selector.get("matchLabels", selector)
            assert any(wanted.items() <= labels.items() for labels in pods), manifest["metadata"]["name"]
    assert len(kind("PodDisruptionBudget")) == 2
    assert kind("NetworkPolicy")[0]["spec"]["policyTypes"] == ["Ingress", "Egress"]


def test_no_secret_stands_in_a_manifest() -> None:
    assert not kind("Secret")
    for manifest in kind("ConfigMap"):
        assert not {"EASEL_DISCORD_TOKEN", "EASEL_OHMYGPT_KEY", "EASEL_MASTER_KEY"} & manifest["data"].keys()
