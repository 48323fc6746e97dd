"""A study of numbers that the tests of the engine run, also in other processes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
from pydantic import Field

from juguo_agents.studies.settings import NamedScenario, Settings
from juguo_agents.studies.study import Execute, Page, Stage, Study, record, recorded
from tests.support import small

DATA = "numbers.json"


class Asked(Settings):
    """Settings of the study that the tests run."""

    grows: ClassVar[frozenset[str]] = frozenset({"count"})
    free: ClassVar[frozenset[str]] = frozenset({"note"})

    scenario: NamedScenario = Field(default_factory=small)
    count: int = Field(default=4, ge=1, description="numbers")
    factor: float = 1.5
    note: str = ""


@dataclass(frozen=True)
class Number:
    """A number to be multiplied."""

    number: int
    factor: float

    @property
    def key(self) -> str:
        """Its name."""
        return f"number+{self.number}"


def multiply(point: Number, work: Path) -> pa.Table:
    """Leave a mark for each attempt; fail or wait where a file asks for it."""
    work.mkdir(parents=True, exist_ok=True)
    (work / f"attempt{len(list(work.iterdir()))}").touch()
    if (work.parents[2] / f"fail{point.number}").exists():
        raise RuntimeError("asked to fail")
    while (work.parents[2] / f"wait{point.number}").exists():
        time.sleep(0.01)
    return pa.table({"number": [point.number], "product": [point.number * point.factor]})


def add(point: Number, work: Path) -> pa.Table:
    """One number and the sum of the first stage, which the factor carries."""
    return record({"sum": point.factor, "third": 1 / 3})


class Products(Study[Asked, "list[pa.Table]"]):
    """Two stages: products, and then their sum."""

    name, settings_type, home = "products", Asked, "products"

    def plan(self, execute: Execute) -> list[pa.Table]:
        """The second stage depends on the rows of the first."""
        asked = self.settings
        points = [Number(i, asked.factor) for i in range(asked.count)]
        products = execute(Stage("products", points, multiply, depends={"of": "one"}))
        total = sum(table["product"][0].as_py() for table in products)
        return [*products, *execute(Stage("sums", [Number(0, total)], add))]

    def analyse(self, table: list[pa.Table]) -> Page:
        """Rows in the order of the plan."""
        *products, total = table
        data = {"products": pa.concat_tables(products).to_pylist(), "total": recorded(total)}
        return Page(data, DATA, "done", {"figures/note.txt": self.settings.note.encode()})
