"""The partner servers are what they say: real, lasting, and out of the way when they stop."""

import asyncio
import json
import threading
from pathlib import Path

import asyncssh
import pytest
import requests
import zeep

from transload.adapters.base import Outbound
from transload.adapters.sftp import SftpConnection, SftpTarget
from transload.runner.demo.partners.kept import Kept
from transload.runner.demo.partners.rest_api import RestApi
from transload.runner.demo.partners.servers import http_server
from transload.runner.demo.partners.sftp_server import sftp_server
from transload.runner.demo.partners.soap_service import SoapService


def test_orders_outlive_the_server(tmp_path: Path) -> None:
    file = tmp_path / "orders.jsonl"
    order = {"head": {"no": "PO-1"}}
    for status in (201, 200):
        api = RestApi(file=file, number="head.no")
        with http_server(api.app) as url, requests.Session() as session:
            answer = session.post(f"{url}/sales-orders", json=order, headers={"Idempotency-Key": "k"})
            assert answer.status_code == status
            assert session.get(f"{url}/sales-orders").json() == [order]
            assert session.get(f"{url}/counts").json()["repeats"] == (0 if status == 201 else 1)
    (row,) = file.read_text().splitlines()
    assert json.loads(row)["order"] == order


def test_a_torn_last_row_is_forgotten_as_it_was_never_acknowledged(tmp_path: Path) -> None:
    file = tmp_path / "kept.jsonl"
    file.write_text('{"number": "1"}\n{"numb')
    kept = Kept(file)
    kept.add({"number": "2"})
    assert [record["number"] for record in Kept(file).all()] == ["1", "2"]


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b"[]", 422), (b'{"number": 5}', 422), (b'{"number": ""}', 422)]
)
def test_what_is_no_order_is_refused(body: bytes, status: int) -> None:
    api = RestApi()
    with http_server(api.app) as url, requests.Session() as session:
        assert session.post(f"{url}/sales-orders", data=body).status_code == status
    assert api.orders.all() == []
    assert api.counts["refusals"] == 1


def test_a_token_guards_the_api() -> None:
    with http_server(RestApi(token="t").app) as url, requests.Session() as session:
        assert session.get(f"{url}/sales-orders").status_code == 401
        assert session.get(f"{url}/sales-orders", headers={"Authorization": "Bearer t"}).status_code == 200


def test_the_same_key_from_many_threads_makes_one_order() -> None:
    api = RestApi()
    with http_server(api.app) as url:

        def post() -> None:
            requests.post(
                f"{url}/sales-orders", json={"number": "1"}, headers={"Idempotency-Key": "k"}, timeout=10
            ).close()

        threads = [threading.Thread(target=post) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert api.counts == {"calls": 8, "orders": 1, "repeats": 7, "refusals": 0, "tokens": 0}


def test_any_soap_client_can_use_the_service_by_the_wsdl_it_serves(tmp_path: Path) -> None:
    service = SoapService(file=tmp_path / "orders.jsonl")
    order = {"Number": "PO-1", "Buyer": "ACME", "Line": [{"number": 1, "Item": "A", "Quantity": "2.5"}]}
    with http_server(service.app) as url, requests.Session() as session:
        client = zeep.Client(f"{url}/purchasing?wsdl", transport=zeep.Transport(session=session))
        for port, repeated in (("Soap11", False), ("Soap12", True)):
            bound = client.bind("PurchasingService", port)
            assert bound.SubmitOrder(**order)["Repeated"] is repeated
        assert [str(row["Quantity"]) for row in bound.GetStock()] == ["120", "0.5"]
        service.fault("Client", "no", subcode="NoStock", detail="<x/>")
        with pytest.raises(zeep.exceptions.Fault) as caught:
            bound.GetStock()
        assert caught.value.code == "s:Sender"
        assert [subcode.localname for subcode in caught.value.subcodes] == ["NoStock"]
    assert service.counts["orders"] == 1
    assert Kept(tmp_path / "orders.jsonl").find(number="PO-1") is not None


def test_the_sftp_server_serves_one_folder_to_one_user(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path.parent / "outside.txt").write_text("x")
    key = asyncssh.generate_private_key("ssh-ed25519")
    with sftp_server(tmp_path, username="bolt", password="pw") as server:
        settings = {"host": server.host, "port": server.port, "username": "bolt", "host_keys": [server.fingerprint]}
        good = SftpConnection.model_validate({**settings, "password": "pw"})
        options = SftpTarget.Options.model_validate({"folder": "/in", "file": "a.txt"})
        with SftpTarget(good, options) as target:
            target.deliver(Outbound(key="k", content=b"hello", metadata={"file": "a.txt"}))
        assert (tmp_path / "in" / "a.txt").read_bytes() == b"hello"

    async def visit(port: int, **login: object) -> list[str]:
        async with (
            asyncssh.connect("127.0.0.1", port, username="bolt", known_hosts=None, config=[], **login) as link,
            link.start_sftp_client() as client,
        ):
            assert not await client.exists("/outside.txt")
            assert not await client.exists("../outside.txt")
            return sorted(str(name) for name in await client.listdir("/"))

    authorized = key.export_public_key().decode()
    with sftp_server(tmp_path, username="bolt", authorized_keys=authorized) as server:
        assert "in" in asyncio.run(visit(server.port, client_keys=[key]))
        with pytest.raises(asyncssh.PermissionDenied):
            asyncio.run(visit(server.port, client_keys=[asyncssh.generate_private_key("ssh-ed25519")]))


def test_a_server_that_hangs_can_be_stopped() -> None:
    api = RestApi()
    api.mischief.plan(delay=60)
    before = threading.active_count()
    with http_server(api.app) as url, pytest.raises(requests.ReadTimeout):
        requests.get(f"{url}/sales-orders", timeout=(5, 0.1))
    assert threading.active_count() <= before  # those of other tests may end meanwhile
