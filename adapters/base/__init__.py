"""What every adapter is made of; a plug-in imports from here and nowhere else of ours.

An adapter is a package with an entry point in the group ``transload.adapters``
that names an `Adapter`: its connection settings and its abilities, a
`Source` (we fetch), a `Target` (we send), an `Endpoint` (they call us), a
`Format` (bytes to messages and back) and a `Filter` (what stands between transport and format).
"""

from typing import TYPE_CHECKING

from transload.adapters.base.deferred import deferred
from transload.canonical.context import Context, CountingNumbers, Numbers
from transload.canonical.errors import ConfigurationError, Reject, Retry, Stop, Unknown
from transload.canonical.findings import Finding, Severity
from transload.canonical.places import Place

if TYPE_CHECKING:
    from transload.adapters.base.endpoint import Endpoint, Refused, Request, Response
    from transload.adapters.base.filter import Filter, Payload
    from transload.adapters.base.format import Encoded, Format, Identity, Message, Reading, Records, Tree, Writing
    from transload.adapters.base.registry import Adapter, adapter, adapter_names
    from transload.adapters.base.responding import RespondingEndpoint, Result, Wanted
    from transload.adapters.base.settings import Duration, Secret, Settings, Template
    from transload.adapters.base.transport import (
        Answer,
        Inbound,
        Landing,
        Memory,
        Outbound,
        Probe,
        Reply,
        Source,
        Target,
    )
else:
    __getattr__ = deferred(
        __name__,
        {
            "endpoint": ("Endpoint", "Refused", "Request", "Response"),
            "filter": ("Filter", "Payload"),
            "format": ("Encoded", "Format", "Identity", "Message", "Reading", "Records", "Tree", "Writing"),
            "registry": ("Adapter", "adapter", "adapter_names"),
            "responding": ("RespondingEndpoint", "Result", "Wanted"),
            "settings": ("Duration", "Secret", "Settings", "Template"),
            "transport": ("Answer", "Inbound", "Landing", "Memory", "Outbound", "Probe", "Reply", "Source", "Target"),
        },
    )

__all__ = [
    "Adapter",
    "Answer",
    "ConfigurationError",
    "Context",
    "CountingNumbers",
    "Duration",
    "Encoded",
    "Endpoint",
    "Filter",
    "Finding",
    "Format",
    "Identity",
    "Inbound",
    "Landing",
    "Memory",
    "Message",
    "Numbers",
    "Outbound",
    "Payload",
    "Place",
    "Probe",
    "Reading",
    "Records",
    "Refused",
    "Reject",
    "Reply",
    "Request",
    "RespondingEndpoint",
    "Response",
    "Result",
    "Retry",
    "Secret",
    "Settings",
    "Severity",
    "Source",
    "Stop",
    "Target",
    "Template",
    "Tree",
    "Unknown",
    "Wanted",
    "Writing",
    "adapter",
    "adapter_names",
]
