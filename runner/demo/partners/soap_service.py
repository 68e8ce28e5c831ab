"""A purchasing service over SOAP 1.1 and 1.2, document/literal: takes each order number once, and tells the stock."""

import asyncio
from hashlib import sha256
from importlib import resources
from pathlib import Path
from threading import Lock
from xml.sax.saxutils import escape

from lxml import etree
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from transload.runner.demo.partners.kept import Kept
from transload.runner.demo.partners.mischief import Mischief

NAMESPACE = "urn:example:purchasing:1"
_ENVELOPES = {
    "http://schemas.xmlsoap.org/soap/envelope/": "text/xml; charset=utf-8",
    "http://www.w3.org/2003/05/soap-envelope": "application/soap+xml; charset=utf-8",
}
_SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"


def wsdl_text(address: str | None = None) -> str:
    """The service's WSDL; with ``address`` in place of the one that the file names."""
    text = resources.files(__package__ or "").joinpath("orders.wsdl").read_text(encoding="utf-8")
    return text if address is None else text.replace("http://127.0.0.1/purchasing", address)


class SoapService:
    """The service and what it remembers.

    ``file`` keeps the orders on disk.  ``fault(...)`` lets the next call be answered with a
    fault; ``mischief`` plays any other trick.  ``requests`` holds the envelopes that came.

    - ``SubmitOrder``: a number that is there with the same body is answered with
      ``Repeated`` true; with another body it is a fault whose detail holds ``OrderExists``.
    - ``GetStock``: what ``stock`` holds, for one item or all.
    - ``GET ?wsdl``: the WSDL with this server's address.
    """

    def __init__(self, *, file: Path | None = None) -> None:
        self.mischief = Mischief()
        self.orders = Kept(file)
        self.stock: dict[str, str] = {"4000000000013": "120", "4000000000020": "0.5"}
        self.requests: list[bytes] = []
        self.counts = {"calls": 0, "orders": 0, "repeats": 0}
        self._fault: tuple[str, str, str] | None = None
        self._lock = Lock()

    @property
    def app(self) -> Starlette:
        """The ASGI application, at ``/purchasing``."""
        return Starlette(
            routes=[
                Route("/purchasing", self._describe, methods=["GET"]),
                Route("/purchasing", self._called, methods=["POST"]),
            ]
        )

    def fault(self, code: str, reason: str, *, subcode: str = "", detail: str = "") -> None:
        """Answer the next call with this fault; ``code`` is Client or Server, whatever the SOAP version calls it."""
        self._fault = (f"{code} {subcode}".strip(), reason, detail)

    async def _describe(self, request: Request) -> Response:
        return Response(wsdl_text(str(request.url.replace(query=""))), media_type="text/xml")

    async def _called(self, request: Request) -> Response:
        self.counts["calls"] += 1
        content = await request.body()
        self.requests.append(content)
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        try:
            root = etree.fromstring(content, parser)
        except etree.XMLSyntaxError as error:
            return Response(f"no XML: {error}", 400, media_type="text/plain")
        space = etree.QName(root).namespace or ""
        body = root.find(f"{{{space}}}Body")
        if space not in _ENVELOPES or body is None or len(body) == 0:
            return Response("no SOAP envelope", 400, media_type="text/plain")
        trick = self.mischief.next()
        if trick is None:
            return self._answer(space, body[0])
        true = self._answer(space, body[0]) if trick.afterwards or trick.status is None else None
        await asyncio.sleep(trick.delay)
        if trick.status is None and true is not None:
            return true
        return Response(trick.body, trick.status or 500, trick.headers)

    def _answer(self, space: str, operation: "etree._Element") -> Response:
        planned, self._fault = self._fault, None
        if planned is not None:
            return _fault(space, *planned)
        if operation.tag == f"{{{NAMESPACE}}}SubmitOrder":
            return self._submit(space, operation)
        if operation.tag == f"{{{NAMESPACE}}}GetStock":
            wanted = operation.findtext(f"{{{NAMESPACE}}}Item")
            rows = "".join(
                f"<Stock><Item>{escape(item)}</Item><Quantity>{quantity}</Quantity></Stock>"
                for item, quantity in self.stock.items()
                if wanted in (None, item)
            )
            return _envelope(space, f'<GetStockResponse xmlns="{NAMESPACE}">{rows}</GetStockResponse>')
        return _fault(space, "Client", f"there is no operation for {operation.tag}", "")

    def _submit(self, space: str, order: "etree._Element") -> Response:
        number = order.findtext(f"{{{NAMESPACE}}}Number")
        if not number:
            return _fault(space, "Client", "the order has no number", f'<NoNumber xmlns="{NAMESPACE}"/>')
        digest = sha256(etree.tostring(order, method="c14n", exclusive=True)).hexdigest()
        with self._lock:
            known = self.orders.find(number=number)
            if known is None:
                text = etree.tostring(order, encoding="unicode", with_tail=False)
                self.orders.add({"number": number, "sha256": digest, "order": text})
                self.counts["orders"] += 1
        if known is not None and known["sha256"] != digest:
            detail = f'<OrderExists xmlns="{NAMESPACE}">{escape(number)}</OrderExists>'
            return _fault(space, "Client", f"order {number} is there with another content", detail)
        self.counts["repeats"] += known is not None
        repeated = str(known is not None).lower()
        answer = f"<Number>{escape(number)}</Number><Repeated>{repeated}</Repeated>"
        return _envelope(space, f'<SubmitOrderResponse xmlns="{NAMESPACE}">{answer}</SubmitOrderResponse>')


def _envelope(space: str, body: str, status: int = 200) -> Response:
    text = f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{space}"><s:Body>{body}</s:Body></s:Envelope>'
    return Response(text.encode(), status, {"Content-Type": _ENVELOPES[space]})


def _fault(space: str, codes: str, reason: str, detail: str) -> Response:
    code, _, subcode = codes.partition(" ")
    text = escape(reason)
    if space == _SOAP_12:
        name = {"Client": "Sender", "Server": "Receiver"}.get(code, code)
        inner = f'<s:Subcode><s:Value xmlns:p="{NAMESPACE}">p:{subcode}</s:Value></s:Subcode>' if subcode else ""
        body = (
            f"<s:Fault><s:Code><s:Value>s:{name}</s:Value>{inner}</s:Code>"
            f'<s:Reason><s:Text xml:lang="en">{text}</s:Text></s:Reason>'
            + (f"<s:Detail>{detail}</s:Detail>" if detail else "")
            + "</s:Fault>"
        )
    else:
        name = f"{code}.{subcode}" if subcode else code
        body = (
            f"<s:Fault><faultcode>s:{name}</faultcode><faultstring>{text}</faultstring>"
            + (f"<detail>{detail}</detail>" if detail else "")
            + "</s:Fault>"
        )
    return _envelope(space, body, 500)
