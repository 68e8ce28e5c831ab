"""Binding places to fields: which field is meant, the converters between, and what stands where nothing does."""

from collections.abc import Sequence
from dataclasses import replace

from transload.canonical.places import MappingPlace
from transload.mappings.language import expressions
from transload.mappings.language.choosing import chosen
from transload.mappings.language.constants import constant
from transload.mappings.language.converters import chains
from transload.mappings.language.converters.base import ConverterError, Setting
from transload.mappings.language.expressions import Pipe
from transload.mappings.language.fields import FieldType, Kind, follow
from transload.mappings.language.limits import checking
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Around, Field, Fill, Scope, Slot
from transload.mappings.plugins.contract import Site
from transload.mappings.source.nodes import Text
from transload.mappings.source.problems import Problems, suggest

_FILLED = (Kind.TEXT, Kind.DECIMAL, Kind.INTEGER, Kind.DATE, Kind.BOOLEAN)


class Binding:
    """Binds slots to fields, and notes in ``problems`` what is wrong with them."""

    def __init__(self, meaning: Meaning, problems: Problems) -> None:
        self.meaning = meaning
        self.problems = problems

    def keep(self, slot: Slot) -> Slot:
        """Add a finished slot to the meaning."""
        self.meaning.slots.append(slot)
        return slot

    def path(self, path: expressions.Path, around: Around, at: MappingPlace) -> Field | None:
        """The field of a parsed path, which may choose a list item by key."""
        if path.key is None:
            return self.field(path.names, around, at)
        items = self.field(path.names[: path.at], around, at)
        scope = chosen(self.meaning, self.problems, items, path, at) if items is not None else None
        return self.field(path.names[path.at :], Around(scope=scope), at) if scope is not None else None

    def setting(self, slot: Slot, field: FieldType, name: str) -> Setting:
        """Where a converter of the slot stands; ``name`` is its field's."""
        meaning = self.meaning
        return Setting(
            kind=field.kind,
            field=field,
            format=meaning.format_type,
            codes=meaning.codes,
            xrefs=meaning.xrefs,
            plugins=meaning.plugins,
            site=Site(mapping=meaning.name, place=slot.name, field=name, partner=meaning.partner),
        )

    def field(self, names: tuple[str, ...], around: Around, at: MappingPlace) -> Field | None:
        """The field that ``names`` mean here; notes a finding and gives None when there is none."""
        scope, path = around.scope, (*around.prefix, *names)
        if names[0] == self.meaning.word and len(names) > 1:
            scope, path = self.meaning.root, names[1:]
        else:
            outer: Scope | None = scope
            while outer is not None:
                if outer.name == names[0] and len(names) > 1:
                    scope, path = outer, names[1:]
                    break
                outer = outer.parent
        if path == ("documents",) and scope is self.meaning.root and "documents" not in self.meaning.model.model_fields:
            several = FieldType(Kind.ITEMS, optional=False, model=self.meaning.model)
            return Field(scope=scope, path=path, type=several)
        if scope.model is None:
            self.problems.add("M-FIELD", at, "the items of this list are texts and have no fields", hint="write =.")
            return None
        found, missing, known = follow(scope.model, path)
        if missing is None:
            return Field(scope=scope, path=path, type=found)
        holder = scope.model.__name__
        hint = suggest(missing, known)
        if hint is None and scope is not self.meaning.root and names[0] in self.meaning.model.model_fields:
            hint = f"for the document's field write {self.meaning.word}.{'.'.join(names)}"
        if not known:
            self.problems.add("M-FIELD", at, f"{holder}: {'.'.join(path)!r} goes on after a value that has no fields")
        else:
            self.problems.add(
                "M-FIELD", at, f"{holder}: no field {'.'.join(path)!r}", hint=hint or f"fields are: {', '.join(known)}"
            )
        return None

    def is_told(self, pipe: Pipe) -> bool:
        """Whether a converter uses what a finding was made of already."""
        return pipe.name in ("xref", "py") and (pipe.argument or "").partition(" ")[0] in self.meaning.broken

    def bind(self, slot: Slot, field: Field, value: Text, pipes: Sequence[Pipe]) -> Slot | None:
        """Give the slot its field and converters, and keep it; None with a finding when they do not fit."""
        rest: list[Pipe] = []
        for pipe in pipes:
            if pipe.name == "round":
                self.problems.add(
                    "M-CONVERTER",
                    value.at,
                    "round changes a field's value, so it cannot be read back",
                    hint="round computed values only",
                )
                return None
            if pipe.name == "none":
                if not self._none(pipe, pipes, slot, value):
                    return None
            elif pipe.name in ("default", "elide"):
                fill = self._fill(pipe, field, slot, value)
                if fill is None:
                    return None
                if pipe.name == "default":
                    slot.default = fill
                else:
                    slot.elide = fill
            else:
                rest.append(pipe)
        slot.field = field
        if any(self.is_told(pipe) for pipe in rest):
            return None
        try:
            setting = self.setting(slot, field.type, field.text())
            slot.chain = chains.build(rest, setting, pair=len(slot.places) == 2, many=slot.many)
        except ConverterError as error:
            self.problems.add("M-CONVERTER", value.at, str(error), hint=error.hint, field=field.text())
            return None
        if slot.chain.only and not self.meaning.has_records:
            hint = "give the element a literal"
            self.problems.add("M-CONVERTER", value.at, "code(... only) is for segments", hint=hint)
            return None
        if self.meaning.limits:
            self._limit(slot, field, value.at)
        return self.keep(slot)

    def _limit(self, slot: Slot, field: Field, at: MappingPlace) -> None:
        """Narrow the slot's domain to what ``limits:`` says of its field."""
        limit = self.meaning.limits.get(field.plain())
        if limit is None or slot.chain is None:
            return
        slot.chain = replace(slot.chain, steps=(checking(limit), *slot.chain.steps))
        for fill in (slot.default, slot.elide):
            complaint = limit.complaint(fill.value) if fill is not None and fill.value is not None else None
            if complaint is not None:
                self.problems.add("M-VALUE", at, f"{complaint}, by limits: in line {limit.at.line}")

    def _none(self, pipe: Pipe, pipes: Sequence[Pipe], slot: Slot, value: Text) -> bool:
        """``none(X)``: X stands on the wire where the field has no value, and is read as no value.

        It follows a code table that does not have X, so that no value is written as X.
        """
        if self.meaning.format_type == "cobol" and pipe is pipes[-1] and not slot.many:
            slot.none = pipe.argument or ""  # the picture says whether it is one
            return True
        before = pipes[-2] if len(pipes) > 1 else None
        named = (before.argument or "").removesuffix(" only").strip() if before and before.name == "code" else ""
        table = self.meaning.codes.get(named)
        complaint = None
        if not self.meaning.has_records or len(slot.places) != 1 or slot.many:
            complaint = "none is for one place of a segment"
        elif not pipe.argument or pipe is not pipes[-1] or table is None:
            complaint = "none comes last, after a code table"
        elif pipe.argument in table.read:
            complaint = f"{pipe.argument!r} has a meaning in table {table.name!r}, so it cannot be no value"
        if complaint is not None:
            self.problems.add("M-CONVERTER", value.at, complaint, hint="for example  code(reason) | none(ZZZ)")
            return False
        slot.none = pipe.argument
        return True

    def _fill(self, pipe: Pipe, field: Field, slot: Slot, value: Text) -> Fill | None:
        text = pipe.argument
        if text is None or field.type.kind not in _FILLED:
            self.problems.add(
                "M-CONVERTER", value.at, f"{pipe.name} needs a value", hint=f"for example  {pipe.name}(EUR)"
            )
            return None
        if text.startswith(f"{self.meaning.word}."):
            names = tuple(text.split("."))
            other = self.field(names, Around(scope=slot.home), value.at)
            if other is None:
                return None
            if other.type.kind is not field.type.kind:
                self.problems.add(
                    "M-CONVERTER", value.at, f"{text} is a {other.type.kind.value}, not a {field.type.kind.value}"
                )
                return None
            return Fill(field=other)
        found = constant(text, field.type, value.at, self.problems)
        return Fill(value=found) if found is not None else None
