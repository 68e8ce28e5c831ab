"""How much of a mapping ``transload new`` proposes rightly, on real samples, measured by the library's mappings.

For each sample a first mapping is made, knowing nothing of the library's mapping of the message (only its code tables
and the qualifiers of parties are looked up there).  *found*: of the places that the library's mapping reads in the
sample, so many were bound to the same field.  *right*: of the places that the draft binds, so many are bound so in
the library's mapping.  Samples of other projects are found through TRANSLOAD_SHARED; ours through the repository.
"""

import os
from pathlib import Path

from transload.canonical.errors import TransloadError
from transload.mappings import Mapping, library_names, load_mapping
from transload.mappings.drafting import Sample, draft
from transload.mappings.testing.samples import format_of

SHARED = Path(os.environ.get("TRANSLOAD_SHARED", "../shared")) / "samples"
OURS = Path(__file__).parents[1] / "mappings/library/samples"
LARGEST = 100_000

Binding = tuple[str, str, str]
"""Field, tag and the name of the place."""


def bindings(mapping: Mapping, touched: frozenset[int] | None = None) -> set[Binding]:
    """What a mapping binds, of the slots that were ``touched``."""
    return {
        (slot.field.text(), slot.name.partition(" ")[0], str(slot.places[0]) if slot.places else slot.name)
        for slot in mapping.meaning.slots
        if slot.field is not None and slot.reads and not slot.guard and (touched is None or slot.number in touched)
    }


def measured(payload: bytes, library: Mapping, folder: Path) -> tuple[int, int, int, int] | None:
    """Bindings that are wanted, proposed, found and right; None where the sample is not for the mapping."""
    messages = [one for one in format_of(library).read(payload) if library.matches(one)]
    touches = [touch for message in messages for touch in library.trace(message).touches]
    wanted = bindings(library, frozenset(touch.slot.number for touch in touches))
    if not wanted:
        return None
    made = draft([Sample(name="sample", payload=payload)], name="first", document=library.document)
    file = folder / "first.yaml"
    file.write_text(made.text, encoding="utf-8")
    proposed = bindings(load_mapping(file))
    return len(wanted), len(proposed), len(wanted & proposed), len(proposed & bindings(library))


def main() -> None:
    """Print the table."""
    import tempfile

    files = [path for where in (OURS, *sorted(SHARED.glob("*"))) for path in sorted(where.glob("*")) if path.is_file()]
    payloads = [(path.name, path.read_bytes()) for path in files if path.stat().st_size < LARGEST]
    print(f"{'sample':52} {'mapping':28} {'wanted':>6} {'found':>6} {'right':>6}")
    sums = [0, 0, 0, 0]
    with tempfile.TemporaryDirectory() as folder:
        for reference in library_names():
            library = load_mapping(reference)
            for name, payload in payloads:
                try:
                    found = measured(payload, library, Path(folder))
                except TransloadError:
                    continue
                if found is None:
                    continue
                sums = [total + one for total, one in zip(sums, found, strict=True)]
                wanted, proposed, same, right = found
                shares = f"{100 * same / wanted:5.0f}% {100 * right / max(1, proposed):5.0f}%"
                print(f"{name[:52]:52} {reference.removeprefix('library:'):28} {wanted:6} {shares}")
    wanted, proposed, same, right = sums
    if wanted:
        print(f"{'all':52} {'':28} {wanted:6} {100 * same / wanted:5.0f}% {100 * right / max(1, proposed):5.0f}%")


if __name__ == "__main__":
    main()
