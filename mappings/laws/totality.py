"""L4 total: each value that a converter refuses is refused by the mapping as well, with field and place named."""

from typing import Any

from transload.canonical.documents import as_json
from transload.canonical.errors import Reject, TransloadError
from transload.canonical.findings import Finding, Severity
from transload.canonical.model import Model
from transload.mappings.laws.differences import flat, general, own
from transload.mappings.laws.documents import Documents
from transload.mappings.laws.domains import Domain, Domains
from transload.mappings.laws.keys import Keys
from transload.mappings.laws.outcome import Counterexample, Outcome
from transload.mappings.laws.picks import Only
from transload.mappings.laws.shapes import is_of
from transload.mappings.laws.wires import Wire


def check_totality(wire: Wire, documents: Documents, domains: Domains, outcome: Outcome) -> None:
    """The law, on some values of each field; fields of one likeness once."""
    totality = Totality(wire, documents)
    seen: set[Any] = set()
    for domain in domains.all:
        key = domains.likeness(domain.carried)
        if key in seen:
            continue
        seen.add(key)
        if domain.outside:
            totality.run(domain, outcome)
        if domain.outside and not domain.inside and not domain.broken and not _is_told_outside(domain):
            outcome.findings.append(_closed(domain))


def _is_told_outside(domain: Domain) -> bool:
    """Whether a plug-in or a cross-reference says which values there are, so that none may be known here."""
    chains = [binding.slot.chain for binding in domain.carried.bindings]
    return any(step.name in ("py", "xref") for chain in chains if chain is not None for step in chain.steps)


def _closed(domain: Domain) -> Finding:
    """Nothing goes through an entry: its code table, limits and converters exclude each other."""
    slot = domain.carried.bindings[0].slot
    tried = ", ".join(str(value) for value in domain.outside[:3])
    return Finding(
        code="L-TOTAL",
        severity=Severity.WARNING,
        message=f"no value of {domain.carried.field.text()} that was tried can be written here ({tried}, ...)",
        hint="see whether code table, limits: and converters leave any value",
        mapping=slot.at,
        field=domain.carried.field.text(),
    )


class Totality:
    """Documents that hold one value which must be refused."""

    def __init__(self, wire: Wire, documents: Documents) -> None:
        self.wire = wire
        self.documents = documents
        self.keys = Keys(wire.mapping.meaning)

    def run(self, domain: Domain, outcome: Outcome) -> None:
        """The law on values that the domain of a field does not have."""
        for value in domain.outside[:: max(len(domain.outside) // 4, 1)]:
            document = self.holding(domain, value)
            if document is None:
                continue
            missing = self._silence(document, domain)
            if missing is not None:
                outcome.add(missing)
                break

    def holding(self, domain: Domain, value: Any) -> Model | None:
        """A small document with ``value`` in a field, other fields only as far as it needs them."""
        document = self.documents.make(Only(domain.carried, value))
        if document is None:
            return None
        held = [found for path, found in self.keys.named(flat(document)).items() if is_of(path, domain.carried)]
        return document if any(found == value for found in held) else None

    def _silence(self, document: Model, domain: Domain) -> Counterexample | None:
        name = domain.carried.field.text()
        at = domain.carried.bindings[0].slot.at
        try:
            self.wire.encode(document)
        except Reject as error:
            if any(
                f.code == "E-DOMAIN" and general(own(f.field or "")) == name.rstrip(".") and f.mapping
                for f in error.findings
            ):
                return None
            message = f"a value of {name} is refused, and no finding E-DOMAIN names the field and its place"
            details: tuple[Finding, ...] = tuple(error.findings)
        except TransloadError as error:
            message, details = f"a value of {name} is refused with {error.message}", ()
        else:
            return None  # written in spite of the converter: L1 looks at that
        finding = Finding(code="L-TOTAL", message=message, mapping=at, field=name, hint=_said(details))
        return Counterexample(law="L4 total", finding=finding, document=as_json(document))


def _said(findings: tuple[Finding, ...]) -> str | None:
    return "; ".join(f"{finding.code} {finding.message}" for finding in findings[:2]) or None
