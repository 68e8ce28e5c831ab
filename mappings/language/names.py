"""Names of XML elements and attributes as a mapping writes them, and as lxml does."""

import re
from collections.abc import Mapping

from transload.canonical.places import MappingPlace
from transload.mappings.source.problems import Problems, suggest

_XML_NAME = re.compile(r"(?:(?P<prefix>[A-Za-z_][\w.-]*):)?(?P<local>[A-Za-z_][\w.-]*)")


def qualified(
    name: str, namespaces: Mapping[str, str], at: MappingPlace, problems: Problems, *, default: bool = True
) -> str | None:
    """The name in the form of lxml, ``{namespace}local``; None, with a finding, when it is none.

    With ``default`` a name without prefix is in the default namespace; attributes are not
    (Namespaces in XML 1.0, section 6.2).
    """
    found = _XML_NAME.fullmatch(name)
    if not found:
        problems.add("M-PLACE", at, f"{name!r} is no XML name")
        return None
    prefix = found["prefix"]
    if prefix is None:
        space = namespaces.get("") if default else None
        return f"{{{space}}}{name}" if space else name
    if prefix not in namespaces:
        known = ", ".join(sorted(known or '""' for known in namespaces)) or "none"
        hint = suggest(prefix, namespaces, f"namespaces: has {known}")
        problems.add("M-PLACE", at, f"the prefix {prefix!r} is not among the namespaces", hint=hint)
        return None
    return f"{{{namespaces[prefix]}}}{found['local']}"
