"""Our answers signed, so that a partner can tell them from others."""

from datetime import UTC, datetime, timedelta

from lxml import etree

from transload.adapters.base.endpoint import Response
from transload.adapters.base.xml import safe_parser
from transload.adapters.soap.security.headers import secure
from transload.adapters.soap.security.settings import Security
from transload.adapters.soap.security.signatures import check_able
from transload.adapters.soap.service.settings import AnswerSigning

_LIFE = timedelta(minutes=5)
"""How long a Timestamp of ours is valid: answers go out at once."""


class Seal:
    """Signs answers as ``settings`` say; leaves them as they are without any."""

    def __init__(self, settings: AnswerSigning | None) -> None:
        self._security: Security | None = None
        if settings is not None:
            self._security = Security(sign=settings, timestamp=_LIFE if "timestamp" in settings.parts else None)

    def prepare(self) -> None:
        """Raise `Stop` when nothing could be signed."""
        if self._security is not None and self._security.sign is not None:
            check_able(self._security.sign)

    def put_on(self, response: Response) -> Response:
        """``response`` with its envelope signed; one without an envelope as it is.  Raises `Stop`."""
        if self._security is None or not response.content:
            return response
        envelope = etree.fromstring(response.content, safe_parser())
        secure(envelope, self._security, now=datetime.now(UTC))
        content = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
        return Response(
            status=response.status, content=content, content_type=response.content_type, headers=response.headers
        )
