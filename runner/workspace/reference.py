"""docs/workspace.md, made from the classes that read it: ``python -m transload.runner.workspace.reference``."""

import sys
from collections.abc import Iterator

from pydantic import BaseModel

from transload.runner.workspace.databases import WrittenDatabase
from transload.runner.workspace.tables import settings_of
from transload.runner.workspace.written import (
    EnvelopeIdentity,
    SecretFolders,
    WrittenConnection,
    WrittenDefaults,
    WrittenHttp,
    WrittenIdentities,
    WrittenPartner,
    WrittenReceive,
    WrittenRetry,
    WrittenSend,
    WrittenTake,
    WrittenTimeouts,
    WrittenWorkspace,
)

_HEAD = """\
# A workspace

This page is made from the classes that read a workspace (`python -m transload.runner.workspace.reference`).

A workspace is a folder under version control:

```
transload.yaml                 store, environment, defaults
mappings/acme/partner.yaml     identities, connections and routes of partner acme
mappings/acme/orders.yaml      a mapping, with its tests
mappings/acme/samples/         sample messages
guides/                        your own message guides, which win over the shipped ones
keys/, secrets/                files that ${file:...} may read; never under version control
```

`transload init FOLDER` makes a small one that runs, `transload check` tells all that is wrong with one,
`transload adapters NAME` shows what an adapter takes. Routes are named `partner/route` everywhere.

**Secrets** are references, never values: `${env:NAME}` is an environment variable, `${file:PATH}` the text of a
file below `keys` or `secrets`. They are looked up each time a connection is opened, and by nothing else. A secret in
plain text is an error. `$${` stands for the characters `${`.

**Environments**: wherever a value may stand there may be a branch, `{test: ..., production: ...}`: a block whose keys
are all names of environments. Which one counts is said by `environment:` or by `--environment`. A ledger belongs to
the environment that first used it, so give each its own: `store: {test: ..., production: ...}`.

**Paths** of files and folders count from the workspace, those of mappings from the partner's folder.

**Numbers and words** are what the setting takes: `username: 0012` is text, `port: 22` is a number.

Keys that are read but have no effect in this version give a warning `C-NOT-YET`.
"""
_SECTIONS: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("transload.yaml", "", WrittenWorkspace),
    ("identities", "In transload.yaml our own, in partner.yaml the partner's.", WrittenIdentities),
    ("identities: edifact, x12", "", EnvelopeIdentity),
    ("secrets: file", "Written `secrets: [env, file: {folders: [keys]}]`.", SecretFolders),
    (
        "databases: NAME",
        "Mappings name them under `xrefs:`; see the mapping language. A table is asked for when a document needs it.",
        WrittenDatabase,
    ),
    ("http", "Needed where a connection's adapter is called by the partner (`http`).", WrittenHttp),
    ("defaults", "", WrittenDefaults),
    ("retry", "", WrittenRetry),
    (
        "timeouts",
        "They reach every adapter that has a time-out of that name (`read` also what SFTP calls `answer`).",
        WrittenTimeouts,
    ),
    ("partner.yaml", "", WrittenPartner),
    ("connections: NAME", "Beside these keys stand the settings of the adapter.", WrittenConnection),
    (
        "receive: NAME",
        "Under `from`, beside `connection`, stand the options of the adapter's source; under `format`, beside "
        "`type`, those of the format; under `acknowledge`, beside `with` and `connection`, those of the target.",
        WrittenReceive,
    ),
    (
        "send: NAME",
        "Under `to`, beside `connection`, stand the options of the adapter's target. Some of them are templates: "
        "`{document.number}`, `{number:06}`, `{now:%Y%m%d}`, `{partner.gln}`.",
        WrittenSend,
    ),
    (
        "take",
        "Either `document` and the `mapping` that writes it, or one or more of `message`, `version`, `sender`, "
        "`receiver` and no mapping: see below.",
        WrittenTake,
    ),
)
_PASSING = """\
## Messages that are passed on as they are

A send route whose `take` names no document gets what was received unchanged, byte for byte, with no mapping:

```yaml
partner: warehouse
connections:
  inbox: {adapter: files, root: warehouse}
receive: {}
send:
  invoices:
    take: {message: [INVOIC, "810"], sender: "9520001000003", when: {"BGM 1001": ["380", "381"]}}
    to: {connection: inbox, file: "{number:06}_{receipt.name}"}
  copies:
    take: {message: "*"}
    to: {connection: inbox, folder: copies, file: "{receipt.name}"}
```

Every entry must fit, with one of its texts. Places under `when` are named as in `match:` of a mapping: by element
(`BGM 1001`) where a guide knows the message, by position (`BGM 01`) everywhere. XML and JSON have none; in XML
`message` is the root element's name. Receive routes name such targets under `to:` like any other. They may have
mappings too, or none and `format: {type: edifact}`, say.

- **What a mapping reads is not passed on.** `check` warns (`C-PASS`) where `message` names what a mapping reads.
- **A payload goes whole or not at all.** A message of EDI cannot leave without its interchange, and an interchange that
  is written anew is no longer what the partner has sent. All messages of the payload share one delivery to each
  target. Where some of them are not for the target, have errors, were received before or are read by a mapping, that
  delivery is quarantined with `E-MIXED`, which names them; other targets get theirs. When the cause is mended,
  `transload replay` reads it again, and no target gets twice what it has.
- **Acknowledgements** (CONTRL, 997 and their like) are brought together with what we sent, as ever, unless `message`
  names them. Those that the receive route owes are made as for other messages.
- What no route takes is quarantined with `E-NO-MAPPING`.
- Receipt, duplicates, dry run, retries and `show` are those of other deliveries. Templates have no `{document...}`;
  `{message.reference}` and `{message.kind}` are of the payload's first message.
"""


def reference() -> str:
    """The whole page."""
    return "\n".join(_parts())


def _parts() -> Iterator[str]:
    yield _HEAD
    for title, lead, kind in _SECTIONS:
        yield f"## {title}\n"
        if lead:
            yield f"{lead}\n"
        yield "| key | takes | default | meaning |"
        yield "| --- | --- | --- | --- |"
        for setting in settings_of(kind):
            cells = (
                f"`{setting.name}`",
                setting.kind,
                f"`{setting.default}`" if setting.default else "",
                setting.meaning,
            )
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
        yield ""
    yield _PASSING


if __name__ == "__main__":
    sys.stdout.write(reference())
