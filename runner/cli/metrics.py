"""``transload metrics``: what a service tells those who operate it, and the files for Grafana and Prometheus."""

import json
from importlib.resources import files
from typing import Annotated

import typer

from transload.runner.cli.guard import guarded
from transload.runner.cli.options import AsJson
from transload.runner.observing.catalogue import METRICS


@guarded
def metrics(
    dashboard: Annotated[
        bool, typer.Option("--dashboard", help="Print a dashboard for Grafana, as JSON to be imported.")
    ] = False,
    alerts: Annotated[bool, typer.Option("--alerts", help="Print alert rules for Prometheus, as YAML.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the metrics that a service exports, with their labels and meaning.

    They are served under /metrics where transload.yaml says operations: {listen: 127.0.0.1:9464}, beside
    /healthz and /readyz. No workspace is needed here.

    \b
    Examples:
      transload metrics
      transload metrics --dashboard > transload.json
      transload metrics --alerts > transload.rules.yaml
    """
    if dashboard and alerts:
        raise typer.BadParameter("--dashboard and --alerts are printed one at a time")
    if dashboard or alerts:
        name = "dashboard.json" if dashboard else "alerts.yaml"
        place = files("transload.runner.observing").joinpath("provisioned", name)
        typer.echo(place.read_text(encoding="utf-8"), nl=False)
    elif as_json:
        rows = [
            {"name": one.name, "kind": one.kind, "labels": list(one.labels), "of": one.of, "meaning": one.meaning}
            for one in METRICS
        ]
        typer.echo(json.dumps(rows, indent=2))
    else:
        for one in METRICS:
            labels = f"{{{','.join(one.labels)}}}" if one.labels else ""
            typer.echo(f"{one.name}{labels}  ({one.kind}, of the {one.of})\n    {one.meaning}")
