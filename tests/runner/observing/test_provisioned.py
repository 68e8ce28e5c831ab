"""The files for Grafana and Prometheus speak of metrics and labels that there are, in PromQL that parses."""

import json
import re
from pathlib import Path

import promql_parser
import pytest
import yaml
from typer.testing import CliRunner

from transload.runner.cli.app import application
from transload.runner.observing.catalogue import METRICS
from transload.runner.observing.reference import page

ROOT = Path(__file__).parents[3]
LABELS = {name: {*metric.labels, "instance", "job", "le"} for metric in METRICS for name in metric.series}
PROCESS = {"process_cpu_seconds_total": {"instance", "job"}, "process_resident_memory_bytes": {"instance", "job"}}


def printed(*options):
    result = CliRunner().invoke(application(("metrics", "check")), ["metrics", *options])
    assert result.exit_code == 0, result.output
    return result.stdout


def selectors(node):
    """All selectors below a parsed expression."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node
    for name in ("expr", "lhs", "rhs", "vector_selector", "vs"):
        child = getattr(node, name, None)
        if child is not None and not isinstance(child, str):
            yield from selectors(child)
    for child in getattr(node, "args", None) or ():
        yield from selectors(child)


def check(expression):
    """Parse it; gives the metrics that it names, having looked at their labels."""
    text = expression.replace("$__rate_interval", "5m")
    parsed = promql_parser.parse(text)
    found = list(selectors(parsed))
    assert found, expression
    known = LABELS | PROCESS
    for selector in found:
        assert selector.name in known, f"{selector.name} in {expression}"
        for matcher in selector.matchers.matchers:
            assert matcher.name in known[selector.name], f"{matcher.name} of {selector.name} in {expression}"
    union = set().union(*(known[selector.name] for selector in found))
    for grouped in re.findall(r"\b(?:by|on) \(([^)]*)\)", text):
        for label in grouped.split(", "):
            assert label in union, f"{label} in {expression}"
    return {selector.name for selector in found}


def test_every_expression_of_the_dashboard_names_metrics_that_there_are():
    dashboard = json.loads(printed("--dashboard"))
    shown = set()
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            names = check(target["expr"])
            shown |= names
            for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                assert any(label in (LABELS | PROCESS)[name] for name in names), f"{label} of {panel['title']}"
    for variable in dashboard["templating"]["list"][1:]:
        metric, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
        named = re.search(r"transload_\w+", metric)
        assert named is None or "(" in metric or label in LABELS[metric] | {"job"}
    everything = {metric.name for metric in METRICS}
    seen = {name for name in everything if {name, f"{name}_bucket", f"{name}_count"} & shown}
    assert everything - seen == {"transload_incidents_unacknowledged"} - shown  # nothing is exported and never shown
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)


def test_every_alert_names_metrics_that_there_are_and_a_chapter_of_the_runbook():
    [group] = yaml.safe_load(printed("--alerts"))["groups"]
    runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8").splitlines()
    chapters = {line[3:].lower() for line in runbook if line.startswith("## ")}
    for rule in group["rules"]:
        names = check(rule["expr"])
        for label in re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]):
            assert any(label in LABELS[name] for name in names), rule["alert"]
        chapter = rule["annotations"]["description"].partition("Runbook: ")[2]
        assert chapter in chapters | {"by the kind of incident"}, rule["alert"]


@pytest.mark.parametrize(
    ("expression", "what"),
    [
        ("rate(transload_receivd_total[5m])", "transload_receivd_total"),
        ('transload_ready{colour="red"}', "colour of transload_ready"),
        ("sum by (colour) (transload_ready)", "colour in"),
    ],
)
def test_an_expression_that_is_wrong_is_found(expression, what):
    with pytest.raises(AssertionError, match=what):
        check(expression)


def test_the_page_of_metrics_is_up_to_date():
    assert (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8") == page()


def test_metrics_are_listed_for_people_and_programs():
    text = printed()
    assert "transload_delivery_seconds{route,partner}  (histogram, of the process)\n    From the commit" in text
    rows = json.loads(printed("--json"))
    assert [row["name"] for row in rows] == [metric.name for metric in METRICS]
