"""What ``mask:`` of transload.yaml and of partners' files says, held against the canonical documents."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydantic import BaseModel

from transload.adapters.base.positioned import Entries, Node, Scalar
from transload.canonical.documents import DOCUMENTS, document_model
from transload.canonical.errors import ConfigurationError
from transload.runner.masking.fields import EVERY, Fields, Path, Paths, path_of
from transload.runner.workspace.report import Report, texts_of
from transload.runner.workspace.suggestions import suggestion
from transload.runner.workspace.take import missing_step
from transload.runner.workspace.written import WrittenFields, WrittenMask


def mask_of(written: WrittenMask, root: Entries | None, report: Report) -> Fields:
    """The workspace's masked fields; a path that no document has is a finding."""
    return Fields(paths=masked_paths(written, root, report), may_be_shown=written.unmasked != "never")


def with_partners(fields: Fields, partners: Mapping[str, Paths]) -> Fields:
    """``fields`` and what partners mask besides."""
    return replace(fields, partners={name: paths for name, paths in partners.items() if any(paths.values())})


def masked_paths(written: WrittenFields, root: Entries | None, report: Report) -> Paths:
    """What ``mask:`` of ``root`` masks; a path that no document has is a finding."""
    block = root.get("mask") if root is not None else None
    known = list(DOCUMENTS.values())
    paths = {EVERY: _paths(written.fields, block, "fields", known, report)}
    documents = block.get("documents") if isinstance(block, Entries) else None
    for name, texts in written.documents.items():
        try:
            models = [document_model(name)]
        except ConfigurationError as error:
            key = documents.key(name) if isinstance(documents, Entries) else None
            report.add("C-VALUE", error.message, key or Scalar(name, 1, 1), hint=error.hint)
            continue
        paths[name] = _paths(texts, documents, name, models, report)
    return paths


def _paths(
    texts: Sequence[str], block: Node | None, key: str, models: Sequence[type[BaseModel]], report: Report
) -> tuple[Path, ...]:
    """The paths; each must lead to a field of one of ``models`` at least."""
    nodes = texts_of(block.get(key)) if isinstance(block, Entries) else []
    found = []
    for number, text in enumerate(texts):
        node = nodes[number] if number < len(nodes) else Scalar(text, 1, 1)
        path = path_of(text)
        if not path:
            report.add("C-FIELD", f"{text!r} names no field", node, hint="write a path, such as buyer.contact")
            continue
        steps = [missing_step(model, ".".join(path)) for model in models]
        missing = [step for step in steps if step is not None]
        if len(missing) == len(models):
            # The furthest one came nearest to what was meant.
            step, _ = max(missing, key=lambda one: path.index(one[0]))
            whose = "no document" if len(models) > 1 else key
            message = f"{whose} has {'a' if len(models) > 1 else 'no'} field {text!r}: there is no {step!r}"
            names = {name for at, others in missing if at == step for name in others}
            hint = suggestion(step, names, "fields are") if names else None
            report.add("C-FIELD", message, node, hint=hint)
            continue
        found.append(path)
    return tuple(found)
