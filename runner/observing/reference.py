"""docs/metrics.md, made from the catalogue: ``python -m transload.runner.observing.reference``."""

import sys
from collections.abc import Iterator

from transload.runner.observing.catalogue import METRICS, Metric

_HEAD = """\
# Metrics, health and traces

This page is made from the catalogue of metrics (`python -m transload.runner.observing.reference`).

```yaml
# transload.yaml
operations:
  listen: 127.0.0.1:9464          # /metrics, /healthz, /readyz of `transload serve`
  traces: http://127.0.0.1:4318   # OTLP over HTTP; needs transload[otel]
```

The address asks for no login: keep it where only your own can reach it, apart from that of partners (`http:`). Where
several workers run on one machine, give each an address of its own.

## Health and readiness

| path | 200 where | 503 says why, as JSON |
| --- | --- | --- |
| `/healthz` | a sweep ended in the last three minutes, but by no fault of ours | it hangs: start it again |
| `/readyz` | the last sweep reached the ledger, all is open, it is not stopping | what stands in the way, in `why` |

A ledger that is out of reach makes a service unready, but not dead: to start it again would not mend that, and it goes
on by itself when the ledger is back. Neither path asks the ledger: both tell what the last sweep met, each second.

## Traces

One trace a receipt: `receive`, then `read` for each batch of messages, below it `map` for each document, below that
`deliver` for each call of a target (and `unpack` where filters unwrap). Its id follows from the ledger and the receipt,
so spans of different processes, hours apart, stand in one trace. What filters unwrap, and what targets answer, are
receipts, so traces of their own. Spans carry names of the workspace and ids of the ledger (`transload.receipt`,
`transload.document`, `transload.delivery`): no payloads, no texts of partners.

Instead of `traces:`, the variables of OpenTelemetry do: `OTEL_EXPORTER_OTLP_ENDPOINT`,
`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`,
`OTEL_TRACES_SAMPLER`, `OTEL_SDK_DISABLED`. `OTEL_TRACES_SAMPLER=parentbased_traceidratio` with
`OTEL_TRACES_SAMPLER_ARG=0.1` keeps a tenth of the receipts, each whole. Where the receiver does not answer, spans are
dropped and the log says so; documents never wait for it. `transload run` writes traces too.

## The log

`transload serve` writes one event a line, as JSON where standard error is no terminal. While it works on something,
each line says on what, also those of adapters and libraries: `route`, `partner`, `lane`, `connection`, `receipt`
(`r12`), `document` (`d12`), `delivery` (`s12`), as `transload show` takes them. Secrets that were looked up are
replaced by `***` however they are written (in base64, too), and so is what looks like a credential. Those of less than
four characters are not looked for.

## Dashboard and alerts

`transload metrics --dashboard > transload.json` prints a dashboard for Grafana to import, `transload metrics --alerts >
transload.rules.yaml` rules for Prometheus. Both are tried against this list by a test.

## Metrics

Names of routes, partners, connections and lanes are the workspace's: nothing that a partner sends becomes a label.
`partner` is whose route, lane or connection it is: the first part of its name. Beside these there are the usual
`process_...` figures (processor, memory, open files).
"""
_OF = {
    "process": "### What a process did\n\nCounted by each worker for itself since it began: add them up"
    " (`sum by (route) (rate(...))`).\n",
    "ledger": "### What the ledger holds\n\nThe same in each worker that shares a ledger: take the largest"
    " (`max by (lane) (...)`), never the sum. They are left out while the ledger does not answer.\n",
}


def page() -> str:
    """The page, in Markdown."""
    return "".join(f"{part}\n" for part in _parts())


def _parts() -> Iterator[str]:
    yield _HEAD
    for of, text in _OF.items():
        yield text
        yield "| metric | kind | labels | meaning |"
        yield "| --- | --- | --- | --- |"
        yield from (_row(metric) for metric in METRICS if metric.of == of)
        if of == "process":
            yield ""


def _row(metric: Metric) -> str:
    meaning = metric.meaning
    if metric.buckets:
        meaning += f"; buckets from {metric.buckets[0]:g} to {metric.buckets[-1]:g} s"
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{metric.name}` | {metric.kind} | {labels} | {meaning} |"


if __name__ == "__main__":
    sys.stdout.write(page())
