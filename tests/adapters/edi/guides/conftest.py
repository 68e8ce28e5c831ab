from collections.abc import Callable

import pytest

from transload.adapters.base.format import Records
from transload.adapters.edi.guides import Guide, find_guide
from transload.canonical.findings import Finding
from transload.canonical.places import Place


class PlainRecords(Records):
    """A body given as text without release characters: places are segment numbers, elements and components."""

    def __init__(self, segments: list[list[str]], component: str = ":", repetition: str = "") -> None:
        self.segments = segments
        self.component = component
        self.repetition = repetition

    def place(
        self, segment: int, element: int | None = None, repetition: int | None = None, component: int | None = None
    ) -> Place:
        tag = self.segments[segment][0] if 0 <= segment < len(self.segments) else None
        return Place(segment=segment + 2, tag=tag, element=element, repetition=repetition, component=component)


@pytest.fixture(scope="session")
def orders() -> Guide:
    guide = find_guide("edifact", "ORDERS", "D:96A:UN:EAN008")
    assert guide is not None
    return guide


@pytest.fixture(scope="session")
def po850() -> Guide:
    guide = find_guide("x12", "850", "004010")
    assert guide is not None
    return guide


@pytest.fixture(scope="session")
def read() -> Callable[..., Records]:
    """Segments from text, one a line: ``BGM+220+PO-1+9``."""

    def make(text: str, element: str = "+", component: str = ":", repetition: str = "") -> Records:
        rows = [row.strip() for row in text.strip().splitlines() if row.strip()]
        return PlainRecords([row.split(element) for row in rows], component, repetition)

    return make


@pytest.fixture(scope="session")
def lines() -> Callable[[list[Finding]], list[str]]:
    """Findings as people read them, with the acknowledgement's codes at the end."""

    def show(findings: list[Finding]) -> list[str]:
        return [
            f"{finding.line()} {' '.join(f'{key}={code}' for key, code in finding.ack.items())}".rstrip()
            for finding in findings
        ]

    return show


ORDER = """
BGM+220+PO-4711+9
DTM+137:20260105:102
DTM+2:20260120:102
FTX+AAI+++Deliver to dock 4:Call before
RFF+CT:FRAME-2025-7
DTM+171:20250101:102
NAD+BY+5412345000013::9++ACME Retail NV+Main Street 1+Brussels++1000+BE
RFF+VA:BE0123456789
CTA+OC+:Jan Peeters
COM+jan@acme.example:EM
NAD+SU+4012345000009::9
CUX+2:EUR:9
PAT+1++5:3:D:30
TOD+3++CIP
ALC+C++++FC
MOA+8:25.5
LIN+1++4000862141404:EN
PIA+1+SUP-1:SA+BUY-9:IN
IMD+F++:::Steel bolt M8x40
QTY+21:100:PCE
MOA+203:1250
PRI+AAA:12.5
RFF+CT:FRAME-2025-7
LIN+2++4000862141411:EN
QTY+21:2000:PCE
PRI+AAA:0.035
NAD+DP+5412345000020::9
UNS+S
MOA+86:1320
CNT+2:2
"""


@pytest.fixture
def order_text() -> str:
    return ORDER


PURCHASE = """
BEG*00*NE*PO-4711**20260105
CUR*BY*EUR
REF*CT*FRAME-2025-7
DTM*002*20260120
N9*L1*NOTE
MSG*Deliver to dock 4
N1*BY*ACME Retail NV*UL*5412345000013
N3*Main Street 1
N4*Brussels**1000*BE
PER*OC*Jan Peeters*EM*jan@acme.example
N1*ST**UL*5412345000020
PO1*1*100*EA*12.5*PE*UK*4000862141404*VP*SUP-1
PID*F****Steel bolt M8x40
DTM*002*20260120
PO1*2*2000*EA*.035*PE*UK*4000862141411
CTT*2
AMT*TT*1320
"""


@pytest.fixture
def purchase_text() -> str:
    return PURCHASE
