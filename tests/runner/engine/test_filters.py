"""Filters between transport and format, over a workspace as users write it: real files, EDIFACT in, X12 out."""

import gzip
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from transload.adapters.filters import GzipFilter
from transload.canonical.errors import ConfigurationError
from transload.runner.cli.app import application
from transload.runner.engine import Engine
from transload.runner.ledger import Ledger, Ref, State
from transload.runner.ledger.repeating import NotPossible
from transload.runner.lines import filtering
from transload.runner.lines.summary import Summary
from transload.runner.workspace import load_workspace

ORDERS = (Path(__file__).parents[3] / "fixtures" / "edifact" / "orders.edi").read_bytes()
KILLED = Path(__file__).with_name("filter_worker.py")
WORKSPACE = """\
workspace: bolts
store: sqlite:///var/ledger.db
environment: production
identities: {edifact: {id: "9520002000002", qualifier: "14"}, x12: {id: BOLTS, qualifier: ZZ}}
"""
ACME = """\
partner: acme
identities: {{edifact: {{id: "9520001000003", qualifier: "14"}}}}
connections:
  mailbox: {{adapter: files, root: {root}, filters: {filters}}}
receive:
  orders:
    from: {{connection: mailbox, folder: in, stable: none, afterwards: {{move: done}}}}
    format: {{type: edifact}}
    mappings: [library:edifact/orders-d96a]
    to: [erp/sales-orders]
    acknowledge: {{with: contrl, connection: mailbox, folder: acks, file: "CONTRL_{{number}}"}}
"""
ERP = """\
partner: erp
identities: {{x12: {{id: ERP, qualifier: ZZ}}}}
connections:
  box: {{adapter: files, root: {root}}}
send:
  sales-orders:
    take: {{document: order/1}}
    mapping: library:x12/850-004010
    format: {{charset: utf-8}}
    to: {{connection: box, folder: out, file: "{{number:05}}.x12", filters: {filters}}}
"""
Offer = Callable[..., None]


class Place:
    """A workspace in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("in", "done", "acks", "out", "mappings/acme", "mappings/erp"):
            (root / folder).mkdir(parents=True)
        (root / "transload.yaml").write_text(WORKSPACE)
        self.write()

    def write(self, inward: str = "[]", outward: str = "[]", **changes: str) -> None:
        acme = ACME.format(root=self.root, filters=inward)
        for old, new in changes.items():
            acme = acme.replace(old, new)
        (self.root / "mappings/acme/partner.yaml").write_text(acme)
        (self.root / "mappings/erp/partner.yaml").write_text(ERP.format(root=self.root, filters=outward))

    def offer(self, name: str, content: bytes) -> None:
        (self.root / "in" / name).write_bytes(content)

    def ledger(self) -> Ledger:
        return Ledger(f"sqlite:///{self.root}/var/ledger.db")

    def run(self) -> Summary:
        with self.ledger() as ledger:
            summary = Engine(load_workspace(self.root), ledger).run_pass()
            assert ledger.verify() == []
        return summary

    def receipts(self) -> list[tuple[str, str, str]]:
        with self.ledger() as ledger:
            return [(row["ref"], row["state"], row["origin"]) for row in sorted(ledger.queries.receipts(), key=_by_id)]

    def files(self, folder: str) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted((self.root / folder).iterdir())}

    def cli(self, *arguments: str) -> str:
        done = CliRunner().invoke(application(), [*arguments, "--workspace", str(self.root)])
        assert done.exit_code == 0, done.output
        return done.output


def _by_id(row: dict[str, Any]) -> int:
    return int(row["id"])


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def another(number: int) -> bytes:
    """The orders with another reference of their interchange and another number."""
    return ORDERS.replace(b"HG000000417", b"%d" % number).replace(b"PO-2026-00417", b"PO-%d" % number)


def packed(*entries: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


def test_what_is_compressed_is_read_and_what_is_sent_is_compressed(place: Place) -> None:
    place.write("[gzip, {type: charset, charset: cp500, format: latin-1}]", "[gzip]")
    place.offer("orders.edi.gz", gzip.compress(ORDERS.decode("latin-1").encode("cp500")))
    summary = place.run()
    assert (summary.exit_code, summary.findings) == (0, ())
    assert summary.receipts == {State.UNPACKED: 1, State.PARSED: 1}
    assert place.receipts() == [
        ("r1", "UNPACKED", "in/orders.edi.gz"),
        ("r2", "PARSED", "in/orders.edi.gz/orders.edi"),
    ]
    (sent,) = place.files("out").values()
    assert gzip.decompress(sent).startswith(b"ISA*")
    (acknowledged,) = place.files("acks").values()
    assert gzip.decompress(acknowledged).decode("cp500").startswith("UNA")
    with place.ledger() as ledger:
        raw, inner = (ledger.queries.payload(Ref("receipt", number)) for number in (1, 2))
        assert (gzip.decompress(raw).decode("cp500"), inner) == (ORDERS.decode("latin-1"), ORDERS)
        journey = ledger.queries.journey(Ref("receipt", 2))["receipt"]
        assert (journey["unpacked_from"], journey["filters"]) == ("r1", "gzip, charset")
        assert ledger.queries.journey(Ref("receipt", 1))["receipt"]["parts"] == ["r2"]
        (delivery,) = (row for row in ledger.queries.deliveries() if row["kind"] == "document")
        assert delivery["content_type"] == "application/gzip"
        assert ledger.queries.payload(Ref("delivery", delivery["id"])) == sent


def test_each_entry_is_a_receipt_with_documents_and_acknowledgement_of_its_own(place: Place) -> None:
    place.write(
        "[{type: zip, name: 'ack_{reference}.edi', pattern: '*.edi'}]", '[{type: zip, name: "PO_{document.number}"}]'
    )
    place.offer("day.zip", packed(("a/1.edi", ORDERS), ("readme.txt", b"hello"), ("a/2.edi", another(43))))
    summary = place.run()
    assert [finding.line() for finding in summary.findings] == [
        "day.zip: remark R-ENTRY the entry readme.txt of day.zip is left: no 'pattern' of the filter fits"
    ]
    assert place.receipts() == [
        ("r1", "UNPACKED", "in/day.zip"),
        ("r2", "PARSED", "in/day.zip/a/1.edi"),
        ("r3", "PARSED", "in/day.zip/a/2.edi"),
    ]
    with place.ledger() as ledger:
        assert ledger.queries.journey(Ref("receipt", 3))["receipt"]["metadata"]["entry"] == "a/2.edi"
    names = [zipfile.ZipFile(io.BytesIO(content)).namelist() for content in place.files("out").values()]
    assert names == [["PO_PO-2026-00417"], ["PO_PO-43"]]
    names = [zipfile.ZipFile(io.BytesIO(content)).namelist() for content in place.files("acks").values()]
    assert names == [["ack_HG000000417.edi"], ["ack_43.edi"]]


def test_what_a_filter_refuses_is_quarantined_as_it_arrived_and_read_when_it_is_mended(place: Place) -> None:
    place.write("[gzip]")
    place.offer("orders.edi", ORDERS)
    summary = place.run()
    assert (summary.exit_code, summary.receipts) == (1, {State.QUARANTINED: 1})
    assert summary.findings[0].line() == (
        "orders.edi byte 0: error E-GZIP orders.edi is not gzip (remove the filter, or set 'optional' where the"
        " partner compresses only some)"
    )
    assert place.files("done") == {"orders.edi": ORDERS}
    with place.ledger() as ledger:
        assert ledger.queries.payload(Ref("receipt", 1)) == ORDERS
    place.write("[{type: gzip, optional: true}]")
    place.cli("replay", "r1")
    assert place.run().exit_code == 0
    assert [state for _, state, _ in place.receipts()] == ["UNPACKED", "PARSED"]
    assert len(place.files("out")) == 1


def test_one_bad_entry_leaves_the_whole_archive_as_it_arrived(place: Place) -> None:
    place.write("[{type: zip, largest: 5000}]")
    place.offer("day.zip", packed(("1.edi", ORDERS), ("2.edi", bytes(6000))))
    summary = place.run()
    assert [finding.code for finding in summary.findings] == ["E-BOMB"]
    assert place.receipts() == [("r1", "QUARANTINED", "in/day.zip")]
    assert place.files("out") == {}


def test_an_archive_without_a_payload_is_told(place: Place) -> None:
    place.write("[{type: zip, pattern: '*.edi'}]")
    place.offer("day.zip", packed(("readme.txt", b"hello")))
    summary = place.run()
    assert [finding.line() for finding in summary.findings] == [
        "day.zip: remark R-ENTRY the entry readme.txt of day.zip is left: no 'pattern' of the filter fits",
        "error E-EMPTY day.zip holds nothing to read (it is an empty archive, or no 'pattern' of its filter fits)",
    ]


def test_a_character_that_the_partner_does_not_have_quarantines_the_delivery(place: Place) -> None:
    place.write("[]", "[{type: charset, charset: ascii}]")
    place.offer("orders.edi", ORDERS)
    summary = place.run()
    (finding,) = (finding for finding in summary.findings if finding.is_error)
    assert (finding.code, finding.value) == ("E-CHARSET", "\xe4")
    assert summary.deliveries[State.QUARANTINED] == 1
    assert place.files("out") == {}


def test_a_replay_of_an_archive_names_its_parts(place: Place) -> None:
    place.write("[gzip]")
    place.offer("orders.gz", gzip.compress(ORDERS))
    place.run()
    with place.ledger() as ledger, pytest.raises(NotPossible) as caught:
        ledger.actions.remap(Ref("receipt", 1), Engine(load_workspace(place.root), ledger).clock())
    assert (caught.value.message, caught.value.hint) == (
        "r1 was unpacked, and has no messages itself",
        "name one of its parts: r2",
    )
    place.cli("replay", "d1")
    assert place.run().exit_code == 0
    assert len(place.files("out")) == 2


def test_a_receipt_that_was_read_without_filters_is_read_so_again(place: Place) -> None:
    place.offer("orders.edi", ORDERS)
    place.run()
    place.write("[gzip]")
    place.cli("replay", "d1")
    assert place.run().exit_code == 0
    assert place.receipts() == [("r1", "PARSED", "in/orders.edi")]


def test_a_dry_run_looks_through_filters(place: Place) -> None:
    place.write("[zip]", "[gzip]")
    place.offer("day.zip", packed(("1.edi", ORDERS), ("2.edi", another(43))))
    place.offer("x.zip", b"junk")
    with place.ledger() as ledger:
        found = Engine(load_workspace(place.root), ledger).preview()
        assert ledger.queries.counts()["receipts"] == {}
    receipts = [(one["origin"], one.get("filters"), one["errors"], len(one["documents"])) for one in found["receipts"]]
    assert sorted(receipts, key=str) == [
        ("in/day.zip/1.edi", "zip", 0, 1),
        ("in/day.zip/2.edi", "zip", 0, 1),
        ("in/x.zip", None, 1, 0),
    ]


def test_payloads_are_passed_on_unpacked(place: Place) -> None:
    place.write("[gzip]", "[{type: zip, name: '{receipt.name}'}]")
    erp = place.root / "mappings/erp/partner.yaml"
    text = erp.read_text().replace("take: {document: order/1}", 'take: {message: "*"}')
    erp.write_text(text.replace("    mapping: library:x12/850-004010\n    format: {charset: utf-8}\n", ""))
    acme = place.root / "mappings/acme/partner.yaml"
    acme.write_text(acme.read_text().replace("    mappings: [library:edifact/orders-d96a]\n", ""))
    place.offer("orders.edi.gz", gzip.compress(ORDERS))
    assert place.run().exit_code == 0
    (sent,) = place.files("out").values()
    with zipfile.ZipFile(io.BytesIO(sent)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {"orders.edi": ORDERS}


def test_places_are_in_the_unpacked_payload_and_it_is_said(place: Place) -> None:
    (place.root / "mappings/acme/orders.yaml").write_text("mapping: acme\nextends: library:edifact/orders-d96a\n")
    place.write("[gzip]", **{"library:edifact/orders-d96a": "orders.yaml"})
    place.offer("orders.edi.gz", gzip.compress(ORDERS))
    place.run()
    told = place.cli("why", "PO-2026-00417", "number")
    assert "PO-2026-00417" in told
    assert "places are in the payload as it was unpacked from r1 by gzip:\n  transload show r2 --content\n" in told
    answer = json.loads(place.cli("why", "PO-2026-00417", "number", "--json"))
    at = answer["origins"][0]["places"][0]["byte"]
    assert ORDERS[at:].startswith(b"PO-2026-00417+9'")
    assert answer["payload"] == {
        "ref": "r2",
        "origin": "in/orders.edi.gz/orders.edi",
        "unpacked_from": "r1",
        "filters": "gzip",
    }
    assert "  unpacked from r1 by gzip; places are in its own bytes\n" in place.cli("show", "PO-2026-00417")
    assert "  unpacked to r2\n" in place.cli("show", "r1")


PGP = (
    "[{type: pgp, private_key: '${file:keys/us.asc}', passphrase: '${env:US_PASSPHRASE}', partner_keys:"
    " [keys/them.asc]}]"
)


@pytest.fixture
def keys(place: Place, monkeypatch: pytest.MonkeyPatch) -> Callable[..., bytes]:
    """Keys of ours and the partner's for the workspace; calls gpg as the partner."""
    if shutil.which("gpg") is None:
        pytest.skip("needs gpg")
    from transload.adapters.pgp.program import Program

    programs = {name: Program(secret) for name, secret in (("us", "us-secret"), ("them", None))}
    (place.root / "keys").mkdir()
    for name, program in programs.items():
        program.run("--quick-gen-key", f"{name}@example", "future-default", "default", "never")
        public = program.run("--armor", "--export", f"{name}@example").output
        (place.root / f"keys/{name}.pub").write_bytes(public)
    (place.root / "keys/them.asc").write_bytes((place.root / "keys/them.pub").read_bytes())
    private = programs["us"].run("--armor", "--export-secret-keys", "us@example").output
    (place.root / "keys/us.asc").write_bytes(private)
    programs["them"].run("--import", stdin=(place.root / "keys/us.pub").read_bytes())
    monkeypatch.setenv("US_PASSPHRASE", "us-secret")

    def as_partner(*arguments: str, stdin: bytes = b"") -> bytes:
        ran = programs["them"].run(*arguments, stdin=stdin)
        assert ran.code == 0, ran.status
        return ran.output

    yield as_partner  # type: ignore[misc]
    for program in programs.values():
        program.close()


def encrypted(keys: Callable[..., bytes], content: bytes) -> bytes:
    return keys("-u", "them@example", "--sign", "-r", "us@example", "--encrypt", stdin=content)


def test_what_is_encrypted_is_read_and_answered_encrypted(place: Place, keys: Callable[..., bytes]) -> None:
    place.write(PGP, PGP.replace("}]", ", armor: true}]"))
    place.offer("orders.edi.pgp", encrypted(keys, ORDERS))
    summary = place.run()
    assert (summary.exit_code, summary.findings) == (0, ())
    (sent,) = place.files("out").values()
    assert sent.startswith(b"-----BEGIN PGP MESSAGE-----")
    assert keys("--decrypt", stdin=sent).startswith(b"ISA*")
    (acknowledged,) = place.files("acks").values()
    assert keys("--decrypt", stdin=acknowledged).startswith(b"UNA")
    with place.ledger() as ledger:
        (_, inner) = sorted(ledger.queries.receipts(), key=_by_id)
        assert inner["origin"] == "in/orders.edi.pgp/orders.edi"
        assert len(inner["metadata"]["signed_by"]) == 40
    for path in (place.root / "var").rglob("*"):
        assert not path.is_file() or b"us-secret" not in path.read_bytes()


@pytest.mark.parametrize("way", ["in", "out"])
def test_a_secret_that_cannot_be_had_lets_receipts_wait(
    place: Place, keys: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    place.write(PGP if way == "in" else "[]", PGP if way == "out" else "[]")
    monkeypatch.delenv("US_PASSPHRASE")
    place.offer("orders.edi", encrypted(keys, ORDERS) if way == "in" else ORDERS)
    for _ in range(2):
        summary = place.run()
        assert [finding.message for finding in summary.findings] == [
            "the environment variable US_PASSPHRASE is not set"
        ]
        assert (summary.exit_code, summary.receipts, place.files("out")) == (1, {}, {})
    monkeypatch.setenv("US_PASSPHRASE", "us-secret")
    assert place.run().exit_code == 0
    assert len(place.files("out")) == 1


def test_a_key_that_is_wrong_for_all_lets_receipts_wait_and_a_message_for_others_does_not(
    place: Place, keys: Callable[..., bytes]
) -> None:
    place.write(PGP)
    place.offer("1.pgp", keys("-r", "them@example", "--encrypt", stdin=ORDERS))
    place.offer("2.pgp", encrypted(keys, ORDERS))
    summary = place.run()
    assert [finding.code for finding in summary.findings] == ["E-PGP-RECIPIENT"]
    assert summary.receipts == {State.QUARANTINED: 1, State.UNPACKED: 1, State.PARSED: 1}
    (place.root / "keys/us.asc").write_text("not a key")
    place.offer("3.pgp", encrypted(keys, another(43)))
    summary = place.run()
    (finding,) = summary.findings
    where, _, text = finding.line().partition(" ")
    assert where.startswith(f"{place.root}/mappings/acme/partner.yaml:4:")
    assert text == (
        "error E-PGP-KEY the private key cannot be read (give the whole text of an armored private key; gpg"
        " --export-secret-keys --armor writes it)"
    )
    assert [state for _, state, _ in place.receipts()][-1] == "RECEIVED"


def test_a_filter_with_a_fault_holds_nothing_up(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*arguments: object) -> bytes:
        raise ZeroDivisionError("a plug-in's fault")

    place.write("[gzip]", "[gzip]")
    place.offer("1.gz", gzip.compress(ORDERS))
    with monkeypatch.context() as patched:
        patched.setattr(GzipFilter, "unwrap", fault)
        summary = place.run()
    assert [(finding.code, finding.message) for finding in summary.findings] == [
        ("E-INTERNAL", "the filter gzip failed unexpectedly: ZeroDivisionError: a plug-in's fault")
    ]
    place.cli("replay", "r1")
    with monkeypatch.context() as patched:
        patched.setattr(GzipFilter, "wrap", fault)
        summary = place.run()
    assert {finding.code for finding in summary.findings} == {"E-INTERNAL"}
    assert summary.deliveries == {State.QUARANTINED: 2}


def test_more_than_one_receipt_may_become_is_refused(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filtering, "MOST_UNPACKED", 3 * len(ORDERS))
    place.write("[zip, {type: gzip, optional: true}]")
    place.offer("ok.zip", packed(("1.gz", gzip.compress(ORDERS)), ("2", another(43))))
    place.offer("no.zip", packed(*((f"{number}.gz", gzip.compress(another(number))) for number in range(50, 54))))
    summary = place.run()
    assert [finding.line() for finding in summary.findings] == [
        f"error E-BOMB no.zip becomes more than {3 * len(ORDERS)} bytes when it is unpacked (ask the partner to send it"
        " in several pieces)"
    ]
    assert len(place.files("out")) == 2


@pytest.mark.parametrize("moment", ["received", "unwrapping", "unpacking", "unpacked"])
def test_killed_between_receipt_and_format(place: Place, forks: Any, moment: str) -> None:
    """kill -9 behind the receipt, in a filter, before and after the parts are committed: nothing lost, none twice."""
    place.write("[zip]", "[gzip]")
    place.offer("day.zip", packed(("1.edi", ORDERS), ("2.edi", another(43))))
    assert forks.run(place.root, moment, script=KILLED).returncode == -9
    assert place.files("out") == {}
    for _ in range(3):
        place.run()
    assert len(place.files("out")) == 2
    assert [state for _, state, _ in place.receipts()] == ["UNPACKED", "PARSED", "PARSED"]
    assert place.files("in") == {}


def test_the_same_bytes_at_each_attempt(place: Place) -> None:
    """What is frozen stays as it is, even if the filters would give other bytes today."""
    place.write("[]", "[gzip]")
    shutil.rmtree(place.root / "out")
    place.offer("orders.edi", ORDERS)
    assert place.run().exit_code != 0
    with place.ledger() as ledger:
        (row,) = (row for row in ledger.queries.deliveries() if row["kind"] == "document")
        frozen = ledger.queries.payload(Ref("delivery", row["id"]))
    (place.root / "out").mkdir()
    place.write("[]", "[]")
    with place.ledger() as ledger:
        if row["state"] == "DEAD":
            place.cli("replay", row["ref"])
        else:
            ledger.database.write(_due_now)
    place.run()
    assert list(place.files("out").values()) == [frozen]


def _due_now(connection: Any) -> None:
    from transload.runner.ledger.schema import breakers, deliveries, lanes

    connection.execute(deliveries.update().values(next_at=deliveries.c.staged_at))
    connection.execute(lanes.update().values(wait_until=None))
    connection.execute(breakers.delete())


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        (
            "[gzp]",
            "acme:4:75: error C-ADAPTER there is no adapter named 'gzp' (did you mean 'gzip'?)",
        ),
        (
            "[json]",
            "acme:4:75: error C-ADAPTER the adapter 'json' cannot stand between transport and format (adapters that"
            " can: as2, charset, gzip, pgp, zip)",
        ),
        (
            "[{largest: 5}]",
            "acme:4:75: error C-MISSING a filter of the connection 'mailbox' needs 'type' (such as gzip; see:"
            " transload adapters)",
        ),
        (
            "[{type: gzip, levl: 5}]",
            "acme:4:88: error C-KEY the filter gzip of the connection 'mailbox' has no key 'levl' (did you mean"
            " 'level'?)",
        ),
        (
            "[{type: gzip, level: 10}]",
            "acme:4:95: error C-VALUE 'level' of the filter gzip of the connection 'mailbox' must be at most 9"
            " (Written: 0 (none) to 9 (slowest, smallest))",
        ),
        (
            "[{type: charset, charset: ebcdic}]",
            "acme:4:100: error C-VALUE 'charset' of the filter charset of the connection 'mailbox' is refused:"
            " 'ebcdic' is no character set; write it like cp037, cp500, utf-16, latin-1 or cp1252",
        ),
        (
            "[charset]",
            "acme:4:75: error C-MISSING the filter charset of the connection 'mailbox' needs 'charset'",
        ),
        (
            "[[gzip]]",
            "acme:4:75: error C-TYPE a filter of the connection 'mailbox' must be a name or a block of keys, not a"
            " list (write a name, or a block: {type: gzip, largest: 1000000})",
        ),
        (
            "[{type: zip, name: '{nothing}'}]",
            "acme:4:75: error C-TEMPLATE {nothing} is unknown; a template may name document, message, partner,"
            " receipt, number, key, now, reference (such as {document.number}, {number:06} or {now:%Y%m%d})",
        ),
        (
            "[{type: zip, name: '{document.number}'}]",
            None,
        ),
    ],
)
def test_faults_in_the_settings(tmp_path: Path, filters: str, told: str | None) -> None:
    place = Place(tmp_path)
    place.write()
    acme = tmp_path / "mappings/acme/partner.yaml"
    acme.write_text(acme.read_text().replace(str(tmp_path), "/srv/acme-edi-mailbox-folder").replace("[]", filters))
    if told is None:
        (line,) = Engine(load_workspace(tmp_path), place.ledger()).lines.values()
        with pytest.raises(ConfigurationError) as caught:
            line.make_ready()
        assert "zip name: {document.number} cannot be filled, as an acknowledgement has no document" in str(
            caught.value.findings[0]
        )
        return
    with pytest.raises(ConfigurationError) as refused:
        load_workspace(tmp_path)
    lines = [finding.line().replace(str(acme), "acme") for finding in refused.value.findings if finding.is_error]
    assert told in lines
