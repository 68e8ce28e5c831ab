"""docs/workspace.md, made from the classes that read it: ``python -m transload.runner.workspace.reference``."""

import sys
from collections.abc import Iterator

from pydantic import BaseModel

from transload.runner.alarms.settings import AlarmPolicy, MailAlarm, WebhookAlarm
from transload.runner.expectations.settings import AcknowledgementExpectation, Expectation, WrittenCalendar
from transload.runner.workspace.databases import WrittenDatabase
from transload.runner.workspace.tables import settings_of
from transload.runner.workspace.written import (
    EnvelopeIdentity,
    SecretFolders,
    WrittenBlobs,
    WrittenCelery,
    WrittenConnection,
    WrittenDefaults,
    WrittenDispatch,
    WrittenEncryption,
    WrittenHttp,
    WrittenIdentities,
    WrittenMask,
    WrittenOperations,
    WrittenPartner,
    WrittenReceive,
    WrittenRetry,
    WrittenSend,
    WrittenStore,
    WrittenTake,
    WrittenTimeouts,
    WrittenVault,
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
file below `keys` or `secrets`, `${credential:NAME}` what systemd shows to the service alone (`LoadCredential=`),
`${vault:PATH#FIELD}` a value in HashiCorp Vault, `${keyring:SERVICE/NAME}` one in the
system's keyring. The last two must be allowed under `secrets:` and need `transload[vault]` and `transload[keyring]`.
They are looked up each time a connection is opened, and by nothing else. A secret in plain text is an error. `$${`
stands for the characters `${`.

**Environments**: wherever a value may stand there may be a branch, `{test: ..., production: ...}`: a block whose keys
are all names of environments. So a connection that differs in some settings is written once, with branches where it
differs; see [below](#test-and-production-in-one-file). Which one counts is said by `environment:` or by
`--environment`. A ledger belongs to the environment that first used it, so give each its own: `store: {test: ...,
production: ...}`. `transload check --effective --environment NAME` shows what is in force.

**Paths** of files and folders count from the workspace, those of mappings from the partner's folder.

**Numbers and words** are what the setting takes: `username: 0012` is text, `port: 22` is a number.
"""
_SECTIONS: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("transload.yaml", "", WrittenWorkspace),
    (
        "store",
        "Written `store: postgresql://...`, or as a block with more. PostgreSQL needs `transload[postgresql]`. See"
        " [the ledger](operations.md#the-ledger).",
        WrittenStore,
    ),
    (
        "blobs",
        "Written `blobs: /mnt/transload`, or as a block with more. An object store needs `transload[object-store]` and"
        " fsspec's plug-in for it.",
        WrittenBlobs,
    ),
    (
        "dispatch",
        "For those who run RabbitMQ and Celery already; see [several processes](operations.md#wakes-through-celery).",
        WrittenDispatch,
    ),
    (
        "dispatch: celery",
        "Written `dispatch: {celery: amqps://...}`, or as a block with more. Needs `transload[celery]`.",
        WrittenCelery,
    ),
    (
        "encryption",
        'Written `encryption: {use: k2026, keys: {k2026: "${file:secrets/k2026}"}}`. What is under a key, and what is'
        " not: [keeping](keeping.md#encryption).",
        WrittenEncryption,
    ),
    (
        "mask",
        "Written `mask: {fields: [buyer.contact, lines.net_price], documents: {invoice/1: [totals]}}`. A path leads"
        " through lists without numbers; all that is below it is masked. `/buyer/contact` and `lines/*/net_price` are"
        " the same paths. What is masked where: [keeping](keeping.md#masking).",
        WrittenMask,
    ),
    ("identities", "In transload.yaml our own, in partner.yaml the partner's.", WrittenIdentities),
    ("identities: edifact, x12", "", EnvelopeIdentity),
    ("secrets: file", "Written `secrets: [env, file: {folders: [keys]}]`.", SecretFolders),
    (
        "secrets: vault",
        "Written `secrets: [env, {vault: {url: ..., token: ...}}]`.",
        WrittenVault,
    ),
    (
        "databases: NAME",
        "Mappings name them under `xrefs:`; see the mapping language. A table is asked for when a document needs it.",
        WrittenDatabase,
    ),
    (
        "operations",
        "What `transload serve` tells those who operate it; see [metrics, health and traces](metrics.md).",
        WrittenOperations,
    ),
    ("http", "Needed where a connection's adapter is called by the partner (`http`).", WrittenHttp),
    (
        "calendar",
        "In transload.yaml, and in partner.yaml where a partner works on other days. Holidays are those that the "
        "library `holidays` knows. Times of day that do not exist or exist twice, since clocks are turned: see "
        "[expectations](expectations.md#clocks-that-are-turned).",
        WrittenCalendar,
    ),
    (
        "alarms: NAME",
        "Who is told of incidents, beside the log; see [alarms](expectations.md#alarms). Each has these keys, and one "
        "of `mail` and `webhook`.",
        AlarmPolicy,
    ),
    ("alarms: NAME: mail", "", MailAlarm),
    ("alarms: NAME: webhook", "Signed as Standard Webhooks are.", WebhookAlarm),
    ("defaults", "", WrittenDefaults),
    ("retry", "", WrittenRetry),
    (
        "timeouts",
        "They reach every adapter that has a time-out of that name (`read` also what SFTP calls `answer`).",
        WrittenTimeouts,
    ),
    ("partner.yaml", "", WrittenPartner),
    (
        "connections: NAME",
        "Beside these keys stand the settings of the adapter. `filters` may also stand in `from`, `to` and "
        "`acknowledge` of a route.",
        WrittenConnection,
    ),
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
        "expect",
        "One of these, or a list of them, each one of `by`, `every`, `gaps` and `silence`; see "
        "[expectations](expectations.md).",
        Expectation,
    ),
    ("expect_acknowledgement", "", AcknowledgementExpectation),
    (
        "take",
        "Either `document` and the `mapping` that writes it, or one or more of `message`, `version`, `sender`, "
        "`receiver` and no mapping: see below.",
        WrittenTake,
    ),
)
ENVIRONMENTS = """\
partner: acme
identities: {edifact: {id: {test: "9520001000003T", production: "9520001000003"}, qualifier: "14"}}
connections:
  mailbox:
    adapter: sftp
    host: {test: sftp-test.acme.example, production: sftp.acme.example}
    username: bolts
    password: {test: "${env:ACME_TEST_PASSWORD}", production: "${vault:edi/acme#password}"}
    host_keys:
      test: ["SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]
      production: ["SHA256:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA"]
    timeouts: {answer: 60s}
    filters: {test: [], production: [{type: pgp, private_key: "${file:keys/us.asc}", partner_keys: [keys/acme.asc]}]}
receive:
  orders:
    from: {connection: mailbox, folder: {test: test/out, production: out}, afterwards: delete}
    every: {test: 1h, production: 5m}
    format: {type: edifact}
    mappings: [orders.yaml]
    to: []
"""
_ENVIRONMENTS = f"""\
## Test and production in one file

What is the same is written once. A branch may stand for a value, a list or a whole block, also for one connection or
route, and need not have each environment where what it is in is not used there:

```yaml
{ENVIRONMENTS}```

"""
_FILTERS = """\
## Filters

`filters:` says how payloads look on the wire, the outermost wrapping first. It stands in a connection, for both
directions and all its routes, or in `from:`, `to:` or `acknowledge:` of one route, instead of the connection's
(`filters: []` means none). What arrives goes through the list from its beginning, what leaves from its end:

```yaml
partner: acme
connections:
  mailbox:
    adapter: files
    root: /srv/acme
    filters:
      - {type: pgp, private_key: "${file:keys/us.asc}", passphrase: "${env:PGP}", partner_keys: [keys/acme.asc]}
      - {type: zip, pattern: "*.edi", name: "{receipt.stem}_{number:06}.edi"}
      - {type: charset, charset: cp500, format: latin-1, next_line: line feed}
```

A filter with nothing to set is its name alone: `filters: [gzip]`. `transload adapters NAME` shows what `gzip`, `zip`,
`charset`, `pgp` and [`as2`](as2.md#several-files-in-one-message) take, plug-ins may bring others.

- **Nothing is lost.** The bytes are kept as they arrived before any filter sees them. What a filter refuses is
  quarantined with its reason; when that is mended, `transload replay r1` tries again. An archive is read whole or not
  at all.
- **Each payload inside is a receipt of its own**, with its messages, acknowledgements and findings; its name in an
  archive is `entry` in its metadata. The receipt that arrived is then UNPACKED. `transload show` tells which was made
  of which; places are bytes in what was unpacked, which `transload show r2 --content` prints.
- **What leaves is wrapped once**, when the delivery is staged: the same bytes at each attempt.
- **Bombs**: `largest` and `ratio` bound what gzip, zip and pgp may unpack (`E-BOMB`), `entries` and `nesting` what zip
  may open. Encrypted zip entries are refused, as are links in archives; names in archives never become paths here.
- **pgp** needs the program gpg (GnuPG 2.2 or newer). It sees no keyring but the keys named here. What is agreed
  (`encrypted`, `signed`, both by default) must hold for all that arrives; each fault has a code of its own:
  `E-PGP-CLEAR`, `E-PGP-RECIPIENT`, `E-PGP-UNSIGNED`, `E-PGP-SIGNATURE`, `E-PGP-EXPIRED`, `E-PGP-KEY`.
- **XML** names its character set itself; it needs no `charset`.
- What is passed on as it is goes unpacked, through the target's own filters.

"""
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
    yield _ENVIRONMENTS
    yield _FILTERS
    yield _PASSING


if __name__ == "__main__":
    sys.stdout.write(reference())
