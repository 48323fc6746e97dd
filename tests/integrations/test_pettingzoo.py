"""PettingZoo and SuperSuit."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integrations.running import EXAMPLES, library, run

pettingzoo_test = library("pettingzoo.test")
library("supersuit")
parallel = library("juguo_envs.parallel")


@pytest.mark.parametrize("rule", ["proportional", "equal", "veto"])
def test_its_own_checks_find_nothing(rule: str) -> None:
    pettingzoo_test.parallel_api_test(parallel.AgenciesEnv(rule=rule, scenario="poor"), num_cycles=70)
    pettingzoo_test.parallel_seed_test(
        lambda: parallel.AgenciesEnv(rule=rule, scenario="poor"), num_cycles=20
    )


def test_the_example_learns_for_a_few_updates(tmp_path: Path) -> None:
    assert run(EXAMPLES / "pettingzoo_agencies.py", "720", cwd=tmp_path).count("return") == 3
