"""Dashboard and alert rules ask only for what the program measures, and each alert has its paragraph.
Never here: whether thresholds are wise."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from bot.domain.jobs import JobState
from bot.domain.pools import Pool
from bot.errors import RemoteFault
from bot.metrics import Meters
from tests.architecture.ground import ROOT

RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
DASHBOARD = json.loads((ROOT / "deploy/grafana/dashboards/easel.json").read_text(encoding="utf-8"))
ASKED = [
    *((rule["alert"], rule["expr"]) for rule in RULES),
    *(
        (panel["title"], target["expr"])
        for panel in DASHBOARD["panels"]
        for target in panel.get("targets", ())
    ),
]
SCRAPERS = {"job", "instance", "le"}
"""Labels that Prometheus adds, and the one of histograms."""
VALUES = {
    "state": {state.value for state in JobState},
    "pool": {pool.value for pool in Pool},
    "outcome": {fault.value for fault in RemoteFault} | {"ok", "cancelled", "accepted", "adopted", "lost"},
    "job": {"easel"},
}
WORD = re.compile(r"\b([a-z][a-z_]*)\b(?!\s*\()(?:\{([^}]*)\})?")


def measured() -> dict[str, set[str]]:
    """Every series that the program can show, with its labels, as Prometheus names it."""
    registry = Meters(version="x")._registry
    found: dict[str, set[str]] = {"up": set()}
    for collector in list(registry._collector_to_names):
        labels = set(getattr(collector, "_labelnames", ()))
        for name in registry._collector_to_names[collector]:
            found[name] = labels
    found.update((name, set()) for name in ("process_resident_memory_bytes", "process_cpu_seconds_total"))
    return found


@pytest.mark.parametrize(("where", "expression"), ASKED)
def test_every_metric_and_label_that_is_asked_for_exists(where: str, expression: str) -> None:
    known = measured()
    names = {
        m[1]: m[2] or "" for m in WORD.finditer(expression) if m[1].startswith(("easel_", "process_", "up"))
    }

    assert names, where
    allowed = SCRAPERS.copy()
    for name, selector in names.items():
        assert name in known, f"{where} asks for {name}"
        allowed |= known[name]
        for label, value in re.findall(r'(\w+)\s*[!=]~?\s*"([^"]*)"', selector):
            assert label in known[name] | SCRAPERS, f"{where}: {name} has no label {label}"
            assert set(value.split("|")) <= VALUES.get(label, set()), f"{where}: {label} is never {value}"
    grouped = {g.strip() for m in re.findall(r"by \(([^)]*)\)", expression) for g in m.split(",")}
    assert grouped <= allowed, f"{where} groups by {grouped - allowed}"


def test_the_dashboard_shows_every_meter() -> None:
    shown = " ".join(expression for _where, expression in ASKED)

    series = {name for name in measured() if name.startswith("easel_") and not name.endswith("_created")}
    families = {re.sub(r"_(bucket|count|sum|total)$", "", name) for name in series}
    assert {name for name in families if name not in shown} == set()


def test_every_alert_has_a_paragraph_that_says_what_to_do() -> None:
    page = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
    told = {
        match[1]: match[2]
        for match in re.finditer(r"^## (\w+)\n\n(.+?)(?=\n## |\Z)", page, re.MULTILINE | re.DOTALL)
    }

    assert list(told) == [rule["alert"] for rule in RULES]
    for rule in RULES:
        assert rule["annotations"]["runbook"] == f"alerts.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert "**Do:**" in told[rule["alert"]]


def test_panels_do_not_overlap_and_have_names_of_their_own() -> None:
    panels = [p["gridPos"] for p in DASHBOARD["panels"]]
    cells = [
        (x, y) for p in panels for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])
    ]

    assert len(cells) == len(set(cells))
    assert max(x for x, _y in cells) < 24
    assert len({p["id"] for p in DASHBOARD["panels"]}) == len(panels)


def test_compose_gives_prometheus_and_grafana_the_files_that_are_there() -> None:
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))
    compose = yaml.safe_load((ROOT / "deploy/compose.scale.yaml").read_text(encoding="utf-8"))

    assert all((ROOT / "deploy/prometheus" / name).is_file() for name in config["rule_files"])
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    static = {
        host.split(":")[0]
        for job in jobs.values()
        for part in job["static_configs"]
        for host in part["targets"]
    }
    dynamic = {name for part in jobs["easel"]["dns_sd_configs"] for name in part["names"]}
    gateways = {name for name in compose["services"] if name.startswith("gateway")}
    assert static == gateways | {"rest-proxy"}
    assert dynamic == {"worker"}
