"""All built-in formats keep to the contract."""

import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from transload.adapters import cobol, csv, edi, fixed, soap, xml
from transload.adapters import json as json_adapter
from transload.adapters.base import Encoded, Format, Message, Place
from transload.adapters.base.format import ELEMENT, Identity, Records, Tree
from transload.adapters.base.rows.sheet import Sheet
from transload.adapters.cobol import CobolFormat, CobolOptions
from transload.adapters.contract import FormatContract, FormatHarness
from transload.adapters.csv import CsvFormat, CsvOptions
from transload.adapters.edi import EdifactFormat, TradacomsFormat, X12Format
from transload.adapters.edi.options import EdifactOptions, TradacomsOptions, X12Options
from transload.adapters.fixed import FixedFormat, FixedOptions
from transload.adapters.json import JsonFormat, JsonOptions
from transload.adapters.soap import SoapFormat, SoapOptions
from transload.adapters.xml import XmlFormat, XmlOptions

FIXTURES = Path(__file__).parents[2] / "fixtures"
TRADACOMS = (
    b"STX=ANA:1+5000000000000:SOME STORES LTD+5010000000000:SUPPLIER UK LTD+260115:083000+1+PASSW+ORDHDR+B'\n"
    b"MHD=1+ORDHDR:9'\nTYP=0430+NEW-ORDERS'\nFIL=1630+1+260115'\nMTR=4'\n"
    b"MHD=2+ORDERS:9'\nCLO=5000000000283:89828'\nORD=70970::260115'\nOTR=0'\nMTR=5'\n"
    b"MHD=3+ORDTLR:9'\nOFT=1'\nMTR=3'\nEND=3'\n"
)
COPYBOOK = "01 HEAD. 05 T PIC X. 05 NO PIC 9(3).\n01 LINE. 05 T PIC X. 05 ITEM PIC X(5)."
SOAP = (
    '<?xml version="1.0"?>\n<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>\n'
    '<o:Order xmlns:o="urn:o"><o:No a="1">1</o:No><o:No>Köln</o:No></o:Order></s:Body></s:Envelope>\n'
)


class Edifact(FormatHarness):
    adapter = edi.EDIFACT

    def format(self) -> Format[Any]:
        return EdifactFormat(EdifactOptions())

    def samples(self) -> Mapping[str, bytes]:
        return {name: (FIXTURES / "edifact" / name).read_bytes() for name in ("orders.edi", "ordrsp.edi")}

    def new_envelope(self) -> Any:
        return self.format().envelope(sender=Identity(id="SENDER"), receiver=Identity(id="RECEIVER"))

    def uncarried(self) -> Iterable[Encoded]:
        yield Encoded(kind="ORDERS", version="D:96A:UN:EAN008", body=[f"BGM{ELEMENT}220{ELEMENT}Жук"])


class X12(Edifact):
    adapter = edi.X12

    def format(self) -> Format[Any]:
        return X12Format(X12Options())

    def samples(self) -> Mapping[str, bytes]:
        return {name: (FIXTURES / "x12" / name).read_bytes() for name in ("850.edi", "855.edi")}

    def uncarried(self) -> Iterable[Encoded]:
        yield Encoded(kind="850", version="004010", body=[f"MSG{ELEMENT}a*b"])


class Tradacoms(Edifact):
    adapter = edi.TRADACOMS

    def format(self) -> Format[Any]:
        return TradacomsFormat(TradacomsOptions(newline="lf"))

    def samples(self) -> Mapping[str, bytes]:
        return {"orders": TRADACOMS}

    def uncarried(self) -> Iterable[Encoded]:
        yield Encoded(kind="ORDERS", version="9", body=[f"ORD{ELEMENT}Жук"])


class Xml(FormatHarness):
    adapter = xml.ADAPTER

    def format(self) -> Format[Any]:
        return XmlFormat(XmlOptions())

    def samples(self) -> Mapping[str, bytes]:
        text = '<?xml version="1.0" encoding="UTF-8"?>\n<!--ä-->\n<o:O xmlns:o="urn:o">\n<o:N a="1">ü</o:N></o:O>'
        return {
            "order": text.encode(),
            "latin": '<?xml version="1.0" encoding="iso-8859-1"?><A>ä</A>'.encode("latin-1"),
        }

    def encoded(self, message: Message) -> Encoded:
        assert isinstance(message.body, Tree)
        root = message.body.root
        text = etree.tostring(root, encoding="unicode", with_tail=False)
        return Encoded(kind=message.kind, version=message.version, body=text)

    def value(self, message: Message) -> object:
        assert isinstance(message.body, Tree)
        return etree.tostring(message.body.root, method="c14n", exclusive=True, with_tail=False)

    def places(self, message: Message) -> Iterator[tuple[Place, bytes]]:
        assert isinstance(message.body, Tree)
        yield from self._below(message.body, message.body.root, ())

    def _below(self, body: Tree, element: Any, path: tuple[str | int, ...]) -> Iterator[tuple[Place, bytes]]:
        prefix = f"{element.prefix}:" if element.prefix else ""
        yield body.place(path), f"<{prefix}{etree.QName(element).localname}".encode()
        seen: dict[str, int] = {}
        for child in element.iterchildren(tag=etree.Element):
            index = seen[child.tag] = seen.get(child.tag, -1) + 1
            yield from self._below(body, child, (*path, child.tag, index))

    def uncarried(self) -> Iterable[Encoded]:
        yield Encoded(kind="A", body="<A>\x07</A>")
        yield Encoded(kind="A", body="<A><B></A>")


class Soap(Xml):
    adapter = soap.ADAPTER

    def format(self) -> Format[Any]:
        return SoapFormat(SoapOptions())

    def samples(self) -> Mapping[str, bytes]:
        return {"order": SOAP.encode()}

    def encoded(self, message: Message) -> Encoded:
        value = self.value(message)
        assert isinstance(value, bytes)
        return Encoded(kind=message.kind, version=message.version, body=value.decode())


class Json(FormatHarness):
    adapter = json_adapter.ADAPTER

    def format(self) -> Format[Any]:
        return JsonFormat(JsonOptions())

    def samples(self) -> Mapping[str, bytes]:
        order = {"number": "PO-1", "city": "Köln", "lines": [{"quantity": 1.5}, {"quantity": 2}], "open": True}
        text = json.dumps(order, indent=2, ensure_ascii=False) + "\n"
        return {"order": text.encode(), "list": b'["a",null,1.50]'}

    def encoded(self, message: Message) -> Encoded:
        assert isinstance(message.body, Tree)
        return Encoded(kind=message.kind, body=message.body.root)

    def places(self, message: Message) -> Iterator[tuple[Place, bytes]]:
        assert isinstance(message.body, Tree)
        yield from self._below(message.body, message.body.root, ())

    def _below(self, body: Tree, value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[Place, bytes]]:
        if isinstance(value, dict | list):
            yield body.place(path), b"{" if isinstance(value, dict) else b"["
            for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
                yield from self._below(body, inner, (*path, key))
        elif isinstance(value, Decimal):
            yield body.place(path), str(value)[:1].encode()
        else:
            yield body.place(path), json.dumps(value, ensure_ascii=False).encode()

    def uncarried(self) -> Iterable[Encoded]:
        yield Encoded(kind="", body={"a": Decimal("NaN")})
        yield Encoded(kind="", body="\ud800")


class Csv(FormatHarness):
    adapter = csv.ADAPTER

    def format(self) -> Format[Any]:
        return CsvFormat(CsvOptions(by=["No"], newline="lf"))

    def samples(self) -> Mapping[str, bytes]:
        return {"orders": 'No,Item\n1,"a ""x"", b"\n1,ä\n2,c\n'.encode()}

    def encoded(self, message: Message) -> Encoded:
        assert isinstance(message.body, Records)
        rows = [ELEMENT.join(segment[1:]) for segment in message.body.segments]
        return Encoded(kind="", body=Sheet(columns=["No", "Item"], rows=rows))

    def places(self, message: Message) -> Iterator[tuple[Place, bytes]]:
        assert isinstance(message.body, Records)
        for index, segment in enumerate(message.body.segments):
            yield message.body.place(index, 1), segment[1].encode()

    def uncarried(self) -> Iterable[Encoded]:
        yield Encoded(kind="", body=Sheet(columns=["No", "Item"], rows=["a\0"]))


class Fixed(FormatHarness):
    adapter = fixed.ADAPTER

    def format(self) -> Format[Any]:
        return FixedFormat(
            FixedOptions(start={"1-3": ["HDR"]}, unit="characters", length=7, newline="lf", tails="padded")
        )

    def samples(self) -> Mapping[str, bytes]:
        return {"orders": "HDR1   \nLINä   \nHDR2   \n".encode()}

    def encoded(self, message: Message) -> Encoded:
        assert isinstance(message.body, Records)
        return Encoded(kind="", body=[segment[1] for segment in message.body.segments])

    def places(self, message: Message) -> Iterator[tuple[Place, bytes]]:
        assert isinstance(message.body, Records)
        for index, segment in enumerate(message.body.segments):
            yield message.body.place(index), segment[1].encode()

    def uncarried(self) -> Iterable[Encoded]:
        yield Encoded(kind="", body=["HDR\0   "])


class Cobol(FormatHarness):
    adapter = cobol.ADAPTER

    def format(self) -> Format[Any]:
        select = {"HEAD": {"T": ["H"]}, "LINE": {"T": ["L"]}}
        given = {"copybook": COPYBOOK, "form": "free", "select": select, "documents": {"start": "HEAD"}}
        return CobolFormat(CobolOptions.model_validate({**given, "codepage": "cp037", "records": "rdw"}))

    def samples(self) -> Mapping[str, bytes]:
        records = ["H001", "La    ", "Lb    ", "H002"]
        return {"orders": b"".join(bytes([0, len(one) + 4, 0, 0]) + one.encode("cp037") for one in records)}

    def encoded(self, message: Message) -> Encoded:
        assert isinstance(message.body, Tree)
        return Encoded(kind=message.kind, body=message.body.root)

    def places(self, message: Message) -> Iterator[tuple[Place, bytes]]:
        assert isinstance(message.body, Tree)
        for index, line in enumerate(message.body.root.get("LINE", ())):
            yield message.body.place(("LINE", index, "ITEM")), line["ITEM"].encode("cp037")

    def uncarried(self) -> Iterable[Encoded]:
        yield Encoded(kind="HEAD", body={"HEAD": [{"T": "H", "NO": "12345"}]})


HARNESSES = [Edifact, X12, Tradacoms, Xml, Soap, Json, Csv, Fixed, Cobol]


class TestFormat(FormatContract):
    @pytest.fixture(params=HARNESSES, ids=lambda kind: kind.__name__)
    def harness(self, request: pytest.FixtureRequest) -> FormatHarness:
        made: FormatHarness = request.param()
        return made
