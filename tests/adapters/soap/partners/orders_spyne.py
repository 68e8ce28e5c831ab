"""A service made with spyne, which writes its own WSDL: orders are submitted, found, listed by date, and confirmed."""

import sys
from datetime import datetime
from wsgiref.simple_server import WSGIRequestHandler, make_server

from spyne import Application, Array, Boolean, ComplexModel, DateTime, Decimal, Fault, Service, Unicode, rpc
from spyne.protocol.soap import Soap11, Soap12
from spyne.server.wsgi import WsgiApplication

NS = "urn:example:spyne"


class Order(ComplexModel):
    __namespace__ = NS
    Number = Unicode(min_occurs=1)
    Amount = Decimal
    ChangedAt = DateTime


class Found(ComplexModel):
    __namespace__ = NS
    Number = Unicode
    Taken = Boolean


KEPT: dict[str, Order] = {}
CONFIRMED: list[str] = []


class Orders(Service):
    @rpc(Order, _returns=Found)
    def Submit(ctx, order):  # noqa: N802, N805
        if order.Amount is not None and order.Amount < 0:
            raise Fault("Client.NegativeAmount", "the amount is negative", detail={"Amount": str(order.Amount)})
        if order.Number == "broken":
            raise Fault("Server", "the database is away")
        if order.Number == "crash":
            raise RuntimeError("not meant to happen")
        KEPT[order.Number] = order
        return Found(Number=order.Number, Taken=True)

    @rpc(Unicode, _returns=Found)
    def Find(ctx, number):  # noqa: N802, N805
        return Found(Number=number, Taken=True) if number in KEPT else Found()

    @rpc(DateTime, _returns=Array(Order))
    def List(ctx, since):  # noqa: N802, N805
        naive = since.replace(tzinfo=None)
        return [one for one in KEPT.values() if one.Number not in CONFIRMED and one.ChangedAt >= naive]

    @rpc(Unicode, _returns=Boolean)
    def Confirm(ctx, number):  # noqa: N802, N805
        if number not in KEPT:
            raise Fault("Client.ResourceNotFound", f"there is no order {number}")
        CONFIRMED.append(number)
        return True


class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments):
        return


for name, moment in (("A-1", "2026-03-01T12:00:00"), ("A-2", "2026-03-02T12:00:00")):
    KEPT[name] = Order(Number=name, Amount="10.50", ChangedAt=datetime.fromisoformat(moment))
version = Soap12 if sys.argv[1:] == ["1.2"] else Soap11
application = Application([Orders], NS, in_protocol=version(validator="lxml"), out_protocol=version())
server = make_server("127.0.0.1", 0, WsgiApplication(application), handler_class=Quiet)
print(server.server_port, flush=True)
server.serve_forever()
