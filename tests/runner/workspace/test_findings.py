"""Every fault of a workspace: its line and column, its code, its words and what to do."""

from collections.abc import Callable

import pytest

Faults = Callable[..., list[str]]
Edits = dict[str, list[tuple[str, str]]]

TAKE = 'take: {document: order/1, when: {buyer.gln: "9520001000003"}}'
MAPPING = ("    mapping: orders.yaml\n", "")
ORDER_BY = ("    order_by: [buyer.gln]\n", "")
DOCUMENT_NUMBER = ("{document.number}", "{number}")
CASES: dict[str, tuple[Edits, list[str]]] = {
    "unknown key at the top": (
        {"transload": [("timezone:", "timezon:")]},
        ["transload:2:1: error C-KEY transload.yaml has no key 'timezon' (did you mean 'timezone'?)"],
    ),
    "unknown time zone": (
        {"transload": [("Europe/Berlin", "Europe/Berlni")]},
        ["transload:2:11: error C-VALUE there is no time zone 'Europe/Berlni' (did you mean 'Europe/Berlin'?)"],
    ),
    "unknown provider": (
        {"transload": [("[env, file]", "[env, vualt]")]},
        [
            "transload:3:16: error C-VALUE 'secrets[2]' of transload.yaml cannot be 'vualt' (it may be: env, file,"
            " credential, keyring or {file, vault})"
        ],
    ),
    "an address for operations that partners reach": (
        {
            "transload": [
                ("timezone:", "http: {listen: '0.0.0.0:80'}\noperations: {listen: '127.0.0.1:80'}\ntimezone:"),
            ]
        },
        [
            "transload:3:22: error C-ADDRESS http: and operations: listen at the same port 80 (give operations: a port"
            " of its own: it asks for no login, and partners must not reach it)"
        ],
    ),
    "an address for operations that is none, and traces with a login": (
        {"transload": [("timezone:", "operations: {listen: here, traces: 'http://u:p@otel.example'}\ntimezone:")]},
        [
            "transload:2:22: error C-VALUE 'operations.listen' of transload.yaml is refused: 'here' is no address to"
            " listen on; write it like 127.0.0.1:8080 or [::1]:8080",
            "transload:2:36: error C-VALUE 'operations.traces' of transload.yaml is refused: this is no address of a"
            " receiver; write it like http://127.0.0.1:4318, without a login: the variable OTEL_EXPORTER_OTLP_HEADERS"
            " takes one",
        ],
    ),
    "a vault without a login": (
        {"transload": [("[env, file]", "[env, {vault: {url: 'https://vault.example'}}]")]},
        [
            "transload:3:24: error C-VALUE 'secrets[2].vault' of transload.yaml is refused: it needs a token, or"
            " role_id and secret_id, and not both"
        ],
    ),
    "a vault over plain HTTP": (
        {"transload": [("[env, file]", "[env, {vault: {url: 'http://vault.example', token: '${env:T}'}}]")]},
        [
            "transload:3:30: error C-VALUE 'secrets[2].vault.url' of transload.yaml is refused: 'http://vault.example'"
            " must begin with https://, since secrets travel; http:// is for this machine only"
        ],
    ),
    "a vault's token in plain text": (
        {"transload": [("[env, file]", "[env, {vault: {url: 'https://vault.example', token: hvs.abc}}]")]},
        [
            "transload:3:62: error C-LITERAL a secret stands here in plain text (put it into an environment variable"
            " or a file, and write ${env:NAME} or ${file:PATH})"
        ],
    ),
    "a vault's token from the vault": (
        {"transload": [("[env, file]", "[env, {vault: {url: 'https://vault.example', token: '${vault:a#b}'}}]")]},
        [
            "transload:3:62: error C-SECRET the secrets provider 'vault' is not allowed here (add it to secrets: in"
            " transload.yaml)"
        ],
    ),
    "an unknown key of a vault, and no word about references to it": (
        {
            "transload": [("[env, file]", "[env, {vault: {adress: x}}]")],
            "acme": [("${env:ACME_PASSWORD}", "${vault:acme/mailbox#password}")],
        },
        [
            "transload:3:25: error C-KEY 'secrets[2].vault' of transload.yaml has no key 'adress' (keys are: approle,"
            " ca, keep, mount, namespace, role_id, secret_id, timeout, token, url)",
        ],
    ),
    "a form that no secret of a vault has": (
        {
            "transload": [("[env, file]", "[env, {vault: {url: 'https://vault.example', token: '${env:T}'}}]")],
            "acme": [("${env:ACME_PASSWORD}", "${vault:/acme/../x}")],
        },
        [
            "acme:8:15: error C-SECRET '/acme/../x' names no secret of a vault (write it as ${vault:PATH#FIELD})",
        ],
    ),
    "a form that no secret of a keyring has": (
        {"transload": [("[env, file]", "[keyring]")], "acme": [("${env:ACME_PASSWORD}", "${keyring:acme}")]},
        ["acme:8:15: error C-SECRET 'acme' names no secret of a keyring (write it as ${keyring:SERVICE/NAME})"],
    ),
    "provider not allowed": (
        {"transload": [("[env, file]", "[file]")]},
        [
            "acme:8:15: error C-SECRET the secrets provider 'env' is not allowed here (add it to secrets: in "
            "transload.yaml)"
        ],
    ),
    "several faults in one file": (
        {"acme": [("username: bolt", "user: bolt"), ("every: 5m", "every: 5x"), ("erp/orders]", "erp/order]")]},
        [
            "acme:5:5: error C-MISSING the connection 'mailbox' needs 'username'",
            "acme:7:5: error C-KEY the connection 'mailbox' has no key 'user' (did you mean 'username'?)",
            "acme:13:12: error C-VALUE 'every' of the receive route 'orders' is refused: '5x' is not a duration; "
            "write it like 30s, 5m, 1h30m or 3d",
            "acme:16:10: error C-ROUTE there is no send route 'erp/order' (did you mean 'erp/orders'?)",
        ],
    ),
    "a list for a block": (
        {"acme": [("from: {connection: mailbox, folder: /out, ", "from: [mailbox]\n    x: {")]},
        [
            "acme:12:11: error C-TYPE 'from' of the receive route 'orders' must be a block of keys, not a list",
            "acme:13:5: error C-KEY the receive route 'orders' has no key 'x' (keys are: acknowledge, "
            "at_most_waiting, cron, every, expect, format, from, keep_payloads, mappings, on, otherwise, response, "
            "timezone, to)",
        ],
    ),
    "unknown adapter": (
        {"acme": [("adapter: sftp", "adapter: sfpt")]},
        ["acme:5:14: error C-ADAPTER there is no adapter named 'sfpt' (did you mean 'sftp'?)"],
    ),
    "adapter missing": (
        {"acme": [("    adapter: sftp\n", "")]},
        ["acme:5:5: error C-MISSING the connection 'mailbox' needs 'adapter'"],
    ),
    "adapter misspelt": (
        {"acme": [("    adapter: sftp\n", "    adaptr: sftp\n")]},
        ["acme:5:5: error C-MISSING the connection 'mailbox' needs 'adapter' (is it what 'adaptr' was meant to be?)"],
    ),
    "adapter that cannot receive": (
        {"acme": [("from: {connection: mailbox", "from: {connection: erp/nothing")]},
        ["acme:12:24: error C-CONNECTION there is no connection 'erp/nothing' (did you mean 'erp/inbox'?)"],
    ),
    "unknown connection": (
        {"acme": [("connection: mailbox", "connection: malbox")]},
        ["acme:12:24: error C-CONNECTION there is no connection 'malbox' (did you mean 'mailbox'?)"],
    ),
    "connection missing": (
        {"acme": [("connection: mailbox, ", "")]},
        [
            "acme:12:11: error C-MISSING 'from' of the receive route 'orders' needs 'connection' (connections "
            "are: mailbox)"
        ],
    ),
    "unknown option": (
        {"acme": [("pattern:", "patern:")]},
        ["acme:12:47: error C-KEY 'from' of the receive route 'orders' has no key 'patern' (did you mean 'pattern'?)"],
    ),
    "wrong choice": (
        {"acme": [("afterwards: delete", "afterwards: remove")]},
        [
            "acme:12:78: error C-VALUE 'afterwards' of 'from' of the receive route 'orders' cannot be 'remove' "
            "(it may be: keep, delete or {move})"
        ],
    ),
    "unknown key in a nested block": (
        {"acme": [("afterwards: delete", "afterwards: {mov: /done}")]},
        [
            "acme:12:79: error C-KEY 'afterwards' of 'from' of the receive route 'orders' has no key 'mov' (did "
            "you mean 'move'?)"
        ],
    ),
    "key missing in a nested block": (
        {"acme": [("afterwards: delete", "afterwards: {}")]},
        ["acme:12:78: error C-MISSING 'afterwards' of 'from' of the receive route 'orders' needs 'move'"],
    ),
    "bad duration in a nested block": (
        {"acme": [("username: bolt", "username: bolt\n    timeouts: {connect: soon}")]},
        [
            "acme:8:25: error C-VALUE 'timeouts.connect' of the connection 'mailbox' is refused: 'soon' is not a "
            "duration; write it like 30s, 5m, 1h30m or 3d"
        ],
    ),
    "wrong choice of a plain setting": (
        {"erp": [("order/1, when", "order/1, wenn"), ('.json"}', '.json", collision: fial}')]},
        [
            "erp:7:31: error C-KEY 'take' of the send route 'orders' has no key 'wenn' (did you mean 'when'?)",
            "erp:9:72: error C-VALUE 'collision' of 'to' of the send route 'orders' cannot be 'fial' (did you "
            "mean 'fail'?)",
        ],
    ),
    "connection that is a list": (
        {"erp": [("{adapter: files, root: inbox}", "[files]")]},
        ["erp:4:10: error C-TYPE the connection 'inbox' must be a block of keys"],
    ),
    "block that is a text": (
        {"erp": [('take: {document: order/1, when: {buyer.gln: "9520001000003"}}', "take: order/1")]},
        ["erp:7:11: error C-TYPE 'take' of the send route 'orders' must be a block of keys, not 'order/1'"],
    ),
    "wrong type": (
        {"acme": [("host_keys: [", "host_keys: {a: ["), ('AAAA"]', 'AAAA"]}')]},
        ["acme:9:16: error C-TYPE 'host_keys' of the connection 'mailbox' must be a list, not a block of keys"],
    ),
    "port out of range": (
        {"acme": [("username: bolt", "username: bolt\n    port: 70000")]},
        ["acme:8:11: error C-VALUE 'port' of the connection 'mailbox' must be at most 65535 (TCP port)"],
    ),
    "port is a word": (
        {"acme": [("username: bolt", "username: bolt\n    port: ssh")]},
        ["acme:8:11: error C-TYPE 'port' of the connection 'mailbox' must be a whole number, not 'ssh'"],
    ),
    "setting missing": (
        {"acme": [("    username: bolt\n", "")]},
        ["acme:5:5: error C-MISSING the connection 'mailbox' needs 'username'"],
    ),
    "login without secret": (
        {"acme": [("    password: ${env:ACME_PASSWORD}\n", "")]},
        ["acme:5:5: error C-VALUE the connection 'mailbox' is refused: a login needs a password or a key"],
    ),
    "literal secret": (
        {"acme": [("${env:ACME_PASSWORD}", "opensesame")]},
        [
            "acme:8:15: error C-LITERAL a secret stands here in plain text (put it into an environment variable "
            "or a file, and write ${env:NAME} or ${file:PATH})"
        ],
    ),
    "broken reference": (
        {"acme": [("${env:ACME_PASSWORD}", "${ACME_PASSWORD}")]},
        ["acme:8:15: error C-SECRET '${ACME_PASSWORD}' is no reference (write it as ${env:NAME} or ${file:PATH})"],
    ),
    "bad variable": (
        {"acme": [("${env:ACME_PASSWORD}", '"${env:ACME PASSWORD}"')]},
        ["acme:8:15: error C-SECRET 'ACME PASSWORD' is no name of an environment variable (write it as ${env:NAME})"],
    ),
    "secret file outside": (
        {"acme": [("${env:ACME_PASSWORD}", "${file:../password}")]},
        [
            "acme:8:15: error C-SECRET the file '../password' is outside the folders for secrets (keep it below "
            "keys, secrets, or name its folder under secrets: in transload.yaml)"
        ],
    ),
    "password in an address": (
        {"acme": [("/out", "sftp://bolt:pw@host/out")]},
        [
            "acme:12:41: error C-LITERAL a password stands in this address (leave user and password out of the "
            "address; the adapter has settings for them)"
        ],
    ),
    "unknown format": (
        {"acme": [("type: json", "type: jsn")]},
        ["acme:14:20: error C-ADAPTER there is no adapter named 'jsn' (did you mean 'json'?)"],
    ),
    "format without type": (
        {"acme": [("{type: json}", "{}")]},
        ["acme:14:13: error C-MISSING 'format' of the receive route 'orders' needs 'type'"],
    ),
    "no such acknowledgement": (
        {"acme": [("every: 5m", "every: 5m\n    acknowledge: {with: contrl, connection: mailbox, file: a}")]},
        ["acme:14:25: error C-VALUE the format json makes no acknowledgement 'contrl' (remove acknowledge:)"],
    ),
    "acknowledge without kind": (
        {"acme": [("every: 5m", "every: 5m\n    acknowledge: {connection: mailbox, file: a}")]},
        [
            "acme:14:18: error C-MISSING 'acknowledge' of the receive route 'orders' needs 'with' (such as "
            "contrl or 997)"
        ],
    ),
    "unknown route": (
        {"acme": [("erp/orders]", "erp/oders]")]},
        ["acme:16:10: error C-ROUTE there is no send route 'erp/oders' (did you mean 'erp/orders'?)"],
    ),
    "unknown partner": (
        {"acme": [("erp/orders]", "epr/orders]")]},
        ["acme:16:10: error C-ROUTE there is no send route 'epr/orders' (did you mean 'erp/orders'?)"],
    ),
    "no mapping file": (
        {"acme": [("mappings: [orders.yaml]", "mappings: [order.yaml]")]},
        [
            "acme:15:16: error C-MAPPING there is no mapping file DIR/mappings/acme/order.yaml (did you mean "
            "'orders.yaml'?)"
        ],
    ),
    "no library mapping": (
        {"acme": [("[orders.yaml]", "[library:edifact/order-d96a]")]},
        [
            "acme:15:16: error C-MAPPING there is no mapping 'library:edifact/order-d96a' (did you mean "
            "'library:edifact/orders-d96a'?)"
        ],
    ),
    "both schedules": (
        {"acme": [("every: 5m", 'every: 5m\n    cron: "* * * * *"')]},
        ["acme:14:5: error C-VALUE a route has either every: or cron:, not both"],
    ),
    "bad cron": (
        {"acme": [("every: 5m", 'cron: "61 * * * *"')]},
        [
            "acme:13:11: error C-VALUE '61 * * * *' is no crontab expression: error validating expression '61': "
            "the last value (61) is higher than the maximum value (59) (five fields: minute hour day month "
            'weekday, such as "*/10 6-20 * * mon-fri")'
        ],
    ),
    "cron with too few fields": (
        {"acme": [("every: 5m", 'cron: "5 *"')]},
        [
            "acme:13:11: error C-VALUE '5 *' is no crontab expression: wrong number of fields; got 2, expected 5 "
            '(five fields: minute hour day month weekday, such as "*/10 6-20 * * mon-fri")'
        ],
    ),
    "bad zone of a route": (
        {"acme": [("every: 5m", 'cron: "5 * * * *"\n    timezone: Europe/Paric')]},
        ["acme:14:15: error C-VALUE there is no time zone 'Europe/Paric' (did you mean 'Europe/Paris'?)"],
    ),
    "zone without cron": (
        {"acme": [("every: 5m", "every: 5m\n    timezone: Europe/Paris")]},
        ["acme:14:5: error C-VALUE timezone: belongs to cron:, which is not here"],
    ),
    "interval of nothing": (
        {"acme": [("every: 5m", "every: 0s")]},
        [
            "acme:13:12: error C-VALUE 'every' of the receive route 'orders' must be more than 0s (Interval of "
            "its schedule)"
        ],
    ),
    "template without a brace": (
        {"erp": [("{document.number}.json", "{document.number.json")]},
        [
            "erp:9:35: error C-TEMPLATE a brace stands alone in '{document.number.json'; write it twice where it "
            "is meant (such as {document.number}, {number:06} or {now:%Y%m%d})"
        ],
    ),
    "template of another name": (
        {"erp": [("{document.number}.json", "{dokument.number}.json")]},
        [
            "erp:9:35: error C-TEMPLATE {dokument.number} is unknown; a template may name document, message, "
            "partner, receipt, number, key, now, reference (such as {document.number}, {number:06} or "
            "{now:%Y%m%d})"
        ],
    ),
    "template of a missing field": (
        {"erp": [("{document.number}.json", "{document.nummer}.json")]},
        [
            "erp:9:35: error C-TEMPLATE the template names 'nummer', but order/1 has no 'nummer' (did you mean "
            "'number'?)"
        ],
    ),
    "unknown document": (
        {"erp": [("document: order/1", "document: ordr/1")]},
        ["erp:7:22: error C-VALUE there is no document 'ordr/1' (did you mean 'order/1'?)"],
    ),
    "unknown field in when": (
        {"erp": [("buyer.gln: ", "buyer.glm: ")]},
        ["erp:7:38: error C-FIELD order/1 has no field 'buyer.glm': there is no 'glm' (did you mean 'gln'?)"],
    ),
    "unknown field in order_by": (
        {"erp": [("order_by: [buyer.gln]", "order_by: [buyers.gln, number.x]")]},
        [
            "erp:10:16: error C-FIELD order/1 has no field 'buyers.gln': there is no 'buyers' (did you mean 'buyer'?)",
            "erp:10:28: error C-VALUE order_by of the send route 'orders' names 'number.x' besides 'buyers.gln', and "
            "nothing sorts by it (write order_by: [buyers.gln]; what has it in common leaves in the order in which it "
            "came)",
            "erp:10:28: error C-FIELD order/1 has no field 'number.x': there is no 'x'",
        ],
    ),
    "a sequence that holds, and is none": (
        {"erp": [("order_by: [buyer.gln]", "when_failed: hold")]},
        [
            "erp:10:5: error C-VALUE 'when_failed' of the send route 'orders' says what becomes of those behind, and "
            "there is no 'order_by' (name the field whose documents keep their sequence, or leave it out)",
        ],
    ),
    "a batch in sequences": (
        {"erp": [("order_by: [buyer.gln]", "order_by: [buyer.gln]\n    batch: {of: receipt, most: 5}")]},
        [
            "erp:10:5: error C-VALUE the send route 'orders' has 'batch' and 'order_by', and what leaves together has "
            "many values of that field (remove one of them; batches leave one after the other)",
        ],
    ),
    "a batch of one receipt and of several": (
        {"erp": [("order_by: [buyer.gln]", "batch: {of: receipt, most: 5, count: 3, every: 15m, cron: '0 18 * * *'}")]},
        [
            "erp:10:13: error C-VALUE 'of' in 'batch' of the send route 'orders' is for one receipt, and 'every' for "
            "what several bring (leave out of:, or every:, cron: and count:)",
            "erp:10:26: error C-VALUE 'most' in 'batch' of the send route 'orders' is for one receipt, and 'every' for "
            "what several bring (write count: instead)",
            "erp:10:57: error C-VALUE 'batch' of the send route 'orders' has either every: or cron:, not both",
        ],
    ),
    "a batch that may wait without an end": (
        {"erp": [("order_by: [buyer.gln]", "batch: {count: 3}")]},
        [
            "erp:10:13: warning C-BATCH 'batch' of the send route 'orders' has 'count' alone, so what is less waits "
            "without an end (add every: or cron: by which it leaves all the same)",
        ],
    ),
    "a bound on what waits that no batch can be full below": (
        {
            "acme": [("every: 5m", "every: 5m\n    at_most_waiting: 100")],
            "erp": [("order_by: [buyer.gln]", "batch: {count: 102}")],
        },
        [
            "acme:14:5: error C-BATCH at_most_waiting of the receive route 'orders' is 100, and 101 documents may wait "
            "for their batches (nothing would be fetched that makes them full: raise it, or give the batches every: or "
            "cron:)",
            "erp:10:13: warning C-BATCH 'batch' of the send route 'orders' has 'count' alone, so what is less waits "
            "without an end (add every: or cron: by which it leaves all the same)",
        ],
    ),
    "a batch on a day that never comes": (
        {"erp": [("order_by: [buyer.gln]", "batch: {cron: '0 18 30 2 *', on: working days}")]},
        [
            "erp:10:19: error C-VALUE '0 18 30 2 *' of 'batch' of the send route 'orders' names no day that comes "
            "(there is none in ten years)",
        ],
    ),
    "a batch at no time": (
        {"erp": [("order_by: [buyer.gln]", "batch: {most: 3, timezone: UTC, on: [mon]}")]},
        [
            "erp:10:22: error C-VALUE timezone: belongs to cron:, which is not here",
            "erp:10:37: error C-VALUE on: belongs to every: or cron:, which are not here",
        ],
    ),
    "a batch of nothing that is known": (
        {"erp": [("order_by: [buyer.gln]", "batch: {of: day, count: 0, each: 15m}")]},
        [
            "erp:10:17: error C-VALUE 'batch.of' of the send route 'orders' must be 'receipt' (receipt: its documents "
            "leave together, which is the default without every, cron and count)",
            "erp:10:29: error C-VALUE 'batch.count' of the send route 'orders' must be at least 1 (So many documents "
            "leave together once they wait, before their time by every or cron; no delivery has more)",
            "erp:10:32: error C-KEY 'batch' of the send route 'orders' has no key 'each' (keys are: count, cron, "
            "every, most, of, on, otherwise, timezone)",
        ],
    ),
    "a bound on what waits, and no source": (
        {
            "transload": [("timezone:", "http: {listen: '127.0.0.1:8080'}\ntimezone:")],
            "acme": [
                (
                    "receive:",
                    "  door: {adapter: http, path: /acme, verify: {bearer: '${env:T}'}}\nreceive:\n  called:\n"
                    "    from: {connection: door}\n    at_most_waiting: 5\n    mappings: [orders.yaml]\n    to: []",
                ),
            ],
        },
        [
            "acme:14:5: error C-VALUE the receive route 'called' is called by the partner, so there is no source that "
            "could be left alone (leave at_most_waiting out)",
        ],
    ),
    "a bound on what waits that is none": (
        {"acme": [("every: 5m", "every: 5m\n    at_most_waiting: -1")]},
        [
            "acme:14:22: error C-VALUE 'at_most_waiting' of the receive route 'orders' must be at least 0 (While more "
            "than so many of what it received wait, to be read or to be sent, the source is not asked; by default it "
            "always is)",
        ],
    ),
    "partner and folder differ": (
        {"erp": [("partner: erp", "partner: epr")]},
        ["erp:1:10: error C-PARTNER the partner is called 'epr', but its folder 'erp' (give both the same name)"],
    ),
    "bad name": (
        {"erp": [("partner: erp", "partner: E R P"), ("  inbox: {", "  In Box: {")]},
        [
            "erp:1:10: error C-VALUE 'partner' of partner.yaml is refused: 'E R P' is no name; use small "
            "letters, digits, - and _",
            "erp:4:3: error C-VALUE 'connections.In Box' of partner.yaml is refused: 'In Box' is no name; use "
            "small letters, digits, - and _",
            "erp:9:22: error C-CONNECTION there is no connection 'inbox' (did you mean 'In Box'?)",
        ],
    ),
    "bad identity": (
        {"acme": [('{gln: "9520001000003"', '{gln: "952000100000"')]},
        [
            "acme:2:19: error C-VALUE 'identities.gln' of partner.yaml must match pattern '^\\d{13}$' (GS1 "
            "Global Location Number, 13 digits)"
        ],
    ),
    "connection with an unknown key": (
        {"erp": [("root: inbox", "root: inbox, limit: {sessions: 2}")]},
        ["erp:4:40: error C-KEY the connection 'inbox' has no key 'limit' (did you mean 'limits'?)"],
    ),
    "limits": (
        {
            "erp": [
                ("root: inbox", "root: inbox, limits: {rate: fast, at_once: 3}, windows: {closed: [Foo 02:00-04:00]}")
            ]
        },
        [
            "erp:4:55: error C-VALUE 'limits.rate' of the connection 'inbox' is refused: 'fast' is no rate; write it"
            " like 20/s, 100/min, 1000/h or 5000/d",
            "erp:4:61: error C-KEY 'limits' of the connection 'inbox' has no key 'at_once' (did you mean 'rate'?)",
            "erp:4:93: error C-VALUE 'windows.closed[1]' of the connection 'inbox' is refused: 'Foo' is no weekday;"
            " write Mon, Tue, Wed, Thu, Fri, Sat, Sun, or Mon-Fri",
        ],
    ),
    "calendars": (
        {
            "transload": [("timezone:", "calendar: {country: DE, region: XX}\ntimezone:")],
            "acme": [("partner: acme", "calendar: {country: Germany, hours: 08:00-08:00}\npartner: acme")],
            "erp": [("partner: erp", "calendar: {closed: [tomorrow]}\npartner: erp")],
        },
        [
            "transload:2:33: error C-VALUE no holidays are known of the region 'XX' of DE (known are: "
            "Augsburg, BB, BE, BW, BY, HB, HE, HH, MV, NI, NW, RP, SH, SL, SN, ST, TH)",
            "acme:1:21: error C-VALUE 'calendar.country' of partner.yaml must match pattern '^[A-Z]{2}$' "
            "(Country whose public holidays are not worked)",
            "acme:1:37: error C-VALUE 'calendar.hours' of partner.yaml is refused: '08:00-08:00' begins "
            "where it ends; write hours like 08:00-18:00",
            "erp:1:11: error C-VALUE 'calendar' of partner.yaml is refused: 'tomorrow' is no day; write "
            "2026-12-24, 12-24 or 2026-12-24..2027-01-01",
        ],
    ),
    "a country that is not known": (
        {"transload": [("timezone:", "calendar: {country: QQ}\ntimezone:")]},
        [
            "transload:2:21: error C-VALUE no holidays are known of the country 'QQ' (write its two letters "
            "of ISO 3166, such as DE)",
        ],
    ),
    "expectations": (
        {
            "acme": [
                (
                    "every: 5m",
                    "every: 5m\n    expect:\n      - {by: six, at_least: 0}\n      - {by: '18:00', every: 2h}\n"
                    "      - {at_least: 2}\n      - {gaps: 1h, on: mon}\n      - {silence: learned, at_least: 2}\n"
                    "      - {every: 2d}\n      - {by: '18:00', between: 08:00-18:00}\n"
                    "      - {by: '18:00', document: ordr/1}\n      - {by: '18:00', on: [mon, someday]}\n"
                    "      - {gaps: 1h}\n      - {gaps: 1h}",
                )
            ]
        },
        [
            "acme:15:14: error C-VALUE 'by' of 'expect' of the receive route 'orders' is refused: 'six' is "
            "no time of day; write it like 18:00",
            "acme:15:29: error C-VALUE 'at_least' of 'expect' of the receive route 'orders' must be at "
            "least 1 (How many, with by or every)",
            "acme:16:9: error C-VALUE 'expect' of the receive route 'orders' is refused: it is one of by, "
            "every, gaps and silence: split it in two",
            "acme:17:9: error C-VALUE 'expect' of the receive route 'orders' is refused: it is one of by, "
            "every, gaps and silence",
            "acme:18:9: error C-VALUE 'expect' of the receive route 'orders' is refused: on belongs to by, "
            "every or silence, not to gaps",
            "acme:19:9: error C-VALUE 'expect' of the receive route 'orders' is refused: at_least belongs "
            "to by or every, not to silence",
            "acme:20:9: error C-VALUE 'expect' of the receive route 'orders' is refused: every is a span from 1m to 1d",
            "acme:21:9: error C-VALUE 'expect' of the receive route 'orders' is refused: between belongs to "
            "every, which is not here",
            "acme:22:33: error C-VALUE there is no document 'ordr/1' (did you mean 'order/1'?)",
            "acme:23:33: error C-VALUE 'on[2]' of 'expect' of the receive route 'orders' must be 'working "
            "days' or 'every day'",
            "acme:23:33: error C-VALUE 'on[2]' of 'expect' of the receive route 'orders' must be 'mon', "
            "'tue', 'wed', 'thu', 'fri', 'sat' or 'sun'",
            "acme:25:9: error C-VALUE the receive route 'orders' expects the same twice (leave one out)",
        ],
    ),
    "an expectation that is no block": (
        {"acme": [("every: 5m", "every: 5m\n    expect: daily")]},
        [
            "acme:14:13: error C-TYPE 'expect' of the receive route 'orders' is a block of keys or a list "
            "of such, not 'daily' (such as {by: \"18:00\", at_least: 1}, {gaps: 1h} or {silence: learned})",
        ],
    ),
    "an acknowledgement that is expected": (
        {"erp": [("order_by:", "expect_acknowledgement: {kind: contrll, hours: office}\n    order_by:")]},
        [
            "erp:10:36: error C-VALUE 'expect_acknowledgement.kind' of the send route 'orders' must be "
            "'any', 'contrl', '997', '999' or 'ta1' (Which: contrl, 997, 999, ta1, any)",
            "erp:10:52: error C-VALUE 'expect_acknowledgement.hours' of the send route 'orders' must be "
            "'clock' or 'working' (Whether the span counts all hours, or the calendar's working days and "
            "hours only)",
        ],
    ),
    "schedules on working days": (
        {"acme": [("every: 5m", "every: 5m\n    on: working_days\n    otherwise: next")]},
        [
            "acme:15:5: error C-VALUE otherwise: belongs to cron: with on: working days",
        ],
    ),
    "days without a schedule": (
        {"acme": [("every: 5m", "on: [mon]")]},
        [
            "acme:13:5: error C-VALUE on: belongs to every: or cron:, which are not here",
        ],
    ),
    "alarms": (
        {
            "transload": [
                (
                    "timezone:",
                    "alarms:\n  ops: {webhook: {url: 'ftp://x', secret: plain}}\n  both: {mail: {}, webhook: {}}\n"
                    "  none: {repeat: 1s}\n  text: loud\n"
                    "  mail: {mail: {smtp: {host: mail.example}, sender: nobody, to: a@b.example}}\n"
                    "  there: {partners: [acne], webhook: {url: 'https://x.example', secret: '${env:S}'}}\ntimezone:",
                )
            ]
        },
        [
            "transload:3:24: error C-VALUE 'url' of 'webhook' of the alarms 'ops' is refused: it is no "
            "address; write https://alarms.example/hook",
            "transload:3:43: error C-LITERAL a secret stands here in plain text (put it into an environment "
            "variable or a file, and write ${env:NAME} or ${file:PATH})",
            "transload:4:3: error C-VALUE the alarms 'both' need one of mail and webhook (write mail: or "
            "webhook:; another channel gets a name of its own)",
            "transload:5:3: error C-MISSING the alarms 'none' need one of mail and webhook (write mail: or "
            "webhook:; another channel gets a name of its own)",
            "transload:5:9: error C-VALUE the alarms 'none' is refused: repeat is a minute at least",
            "transload:6:9: error C-TYPE the alarms 'text' must be a block of keys, not 'loud'",
            "transload:7:53: error C-VALUE 'sender' of 'mail' of the alarms 'mail' is refused: 'nobody' is "
            "no mail address; write it like edi@example.com",
            "transload:8:22: error C-VALUE there is no partner 'acne' (did you mean 'acme'?)",
        ],
    ),
    "broken YAML": (
        {"acme": [("receive:", "receive: [")]},
        ["acme:12:9: error C-YAML this is no valid YAML: did not find expected ',' or ']'"],
    ),
    "duplicate key": (
        {"acme": [("    username: bolt\n", "    username: bolt\n    username: bolt\n")]},
        ["acme:8:5: error C-YAML the key 'username' stands here a second time; the first is in line 7"],
    ),
    "empty file": (
        {"transload": [("workspace: bolts\ntimezone: Europe/Berlin\nsecrets: [env, file]\n", "")]},
        ["transload:1:1: error C-YAML the file is empty"],
    ),
    "unknown environment": (
        {"transload": [("secrets:", "environment: prod\nsecrets:")]},
        ["transload:3:14: error C-ENVIRONMENT there is no environment 'prod' (did you mean 'production'?)"],
    ),
    "messages are taken and there is a mapping": (
        {"erp": [(TAKE, "take: {message: ORDERS}"), DOCUMENT_NUMBER]},
        [
            "erp:8:5: error C-VALUE the send route 'orders' passes on what was received as it is, so it can have no "
            "'mapping' (remove it, or take a document: instead of messages)",
            "erp:10:5: error C-VALUE the send route 'orders' passes on what was received as it is, so it can have no "
            "'order_by' (remove it, or take a document: instead of messages)",
        ],
    ),
    "documents and messages at once": (
        {"erp": [("{document: order/1, when", "{document: order/1, sender: A, when")]},
        [
            "erp:7:31: error C-VALUE 'take' of the send route 'orders' names a document, and with 'sender' messages "
            "that no mapping reads (write document: for what a mapping writes, and no document: for what is passed on "
            "as it is)"
        ],
    ),
    "neither a document nor messages": (
        {"erp": [("document: order/1, ", "")]},
        [
            "erp:7:11: error C-MISSING 'take' of the send route 'orders' needs 'document' (or, to pass messages on as "
            "they are, message, version, sender or receiver)"
        ],
    ),
    "documents without a mapping": (
        {"erp": [MAPPING]},
        ["erp:6:3: error C-MISSING the send route 'orders' needs 'mapping'"],
    ),
    "a field where messages are taken": (
        {"erp": [("document: order/1", "message: ORDERS"), DOCUMENT_NUMBER, MAPPING, ORDER_BY]},
        [
            "erp:7:36: error C-FIELD 'buyer.gln' is no place, as 'take' of the send route 'orders' is for messages and "
            "not for documents (write segment and element, such as BGM 1001 or BGM 01)"
        ],
    ),
    "a template with a document where messages are taken": (
        {"erp": [(TAKE, "take: {message: ORDERS}"), MAPPING, ORDER_BY]},
        [
            "erp:8:35: error C-TEMPLATE the template names a document, and what is passed on as it was received is "
            "none (such as {receipt.name}, {message.reference} or {number:06})"
        ],
    ),
    "branch without a value": (
        {"acme": [("{test: sftp-test.example, ", "{")]},
        ["acme:6:11: error C-BRANCH there is no value for the environment 'test' here (add test: beside production:)"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_fault(name: str, faults: Faults) -> None:
    edits, expected = CASES[name]
    assert faults(**edits) == expected


def test_an_adapter_without_the_ability(faults: Faults) -> None:
    (line,) = faults(acme=[("type: json", "type: sftp")])
    assert line.startswith("acme:14:20: error C-ADAPTER the adapter 'sftp' cannot read or write messages (adapters ")
    assert "json" in line
    (line,) = faults(
        acme=[("connection: mailbox, folder", "connection: erp/odd, folder")],
        erp=[("inbox: {", "odd: {adapter: json}\n  inbox: {")],
    )
    assert line.startswith("acme:12:24: error C-ADAPTER the adapter 'json' cannot receive (adapters that can: ")


def test_a_mapping_name_that_no_file_can_have(faults: Faults) -> None:
    name = "m" * 300 + ".yaml"
    (found,) = faults(acme=[("mappings: [orders.yaml]", f"mappings: [{name}]")])
    assert found.startswith(f"acme:15:16: error C-MAPPING there is no mapping file DIR/mappings/acme/{name}")
