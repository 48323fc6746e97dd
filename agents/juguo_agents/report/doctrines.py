"""A comparison by doctrine: its cells of exit x relief, its own version, and who competes like for like."""

from __future__ import annotations

from juguo_agents.allocators.registry import Variant, variant_of
from juguo_agents.evaluation.record import Comparison, Record

REFERENCES = ("nothing", "care_only")
"""What is no programme, against which programmes are read: no money spent, and care alone."""
WITHOUT_TECHNOLOGY = (*REFERENCES, "knowledge_centred")
"""The doctrines that bring no technology to people."""

ORACLE = "oracle"
"""What a search calls an allocator that sees what is hidden from all others."""

Cell = tuple[bool, bool]
"""Whether there is the common exit, and whether there is relief."""
CELLS: tuple[Cell, ...] = ((False, False), (True, False), (False, True), (True, True))
NEITHER, EXIT, RELIEF, BOTH = CELLS


def by_variant(comparison: Comparison) -> dict[Variant, Record]:
    """The rules' records by what they stand for; of two that stand for the same, the first."""
    found: dict[Variant, Record] = {}
    for record in comparison.records:
        variant = variant_of(record.name)
        if variant is not None:
            found.setdefault(variant, record)
    return found


def doctrines(comparison: Comparison) -> list[str]:
    """Those of which any variant was compared, in the order of the records."""
    return list(dict.fromkeys(variant.doctrine for variant in by_variant(comparison)))


def cells(comparison: Comparison, doctrine: str) -> dict[Cell, Record]:
    """The cells of a doctrine that were compared."""
    found = by_variant(comparison)
    wanted = {cell: Variant(doctrine, "common" if cell[0] else "none", cell[1]) for cell in CELLS}
    return {cell: found[variant] for cell, variant in wanted.items() if variant in found}


def own_version(comparison: Comparison, doctrine: str) -> Record | None:
    """The doctrine as the paper has it; None where that was not compared."""
    variant = variant_of(doctrine)
    return by_variant(comparison).get(variant) if variant else None


def like_for_like_records(comparison: Comparison) -> dict[str, Record]:
    """By doctrine, the version that stands for it where all have the same institutions.

    That is the one with both; of `nothing`, which is a reference, the one with none. The references may stand
    there as they are. Empty where any other doctrine was compared without a version with both.
    """
    chosen: dict[str, Record] = {}
    for doctrine in doctrines(comparison):
        compared = cells(comparison, doctrine)
        record = compared.get(NEITHER if doctrine == "nothing" else BOTH)
        if record is None and doctrine in REFERENCES:
            record = own_version(comparison, doctrine) or compared.get(BOTH)
        if record is not None:
            chosen[doctrine] = record
        elif doctrine not in REFERENCES:
            return {}
    return chosen


def is_reference(name: str) -> bool:
    """Whether an allocator is no programme, with whatever institutions, or one that sees what is hidden."""
    variant = variant_of(name)
    return name.partition("_")[0] == ORACLE if variant is None else variant.doctrine in REFERENCES


def reference_records(comparison: Comparison) -> dict[str, Record]:
    """By reference that was compared, its record: as it stands like for like, or else as the paper has it."""
    alike = like_for_like_records(comparison)
    found = {doctrine: alike.get(doctrine) or own_version(comparison, doctrine) for doctrine in REFERENCES}
    return {doctrine: record for doctrine, record in found.items() if record is not None}


def programmes(comparison: Comparison) -> list[Record]:
    """The rules that compete to be the best one, best mean return first.

    Doctrines like for like where all can be compared so, else every variant; never a reference.
    """
    alike = like_for_like_records(comparison)
    if alike:
        competing = {record.name for doctrine, record in alike.items() if doctrine not in REFERENCES}
    else:
        competing = {
            record.name
            for variant, record in by_variant(comparison).items()
            if variant.doctrine not in REFERENCES
        }
    return [record for record in comparison.ranked() if record.name in competing]
