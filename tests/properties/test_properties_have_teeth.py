"""Each property is seen to fail when its equation is broken on purpose.

The package is copied, one line of the copy is changed, and the matching test of the property is run against
the copy in another process: it must fail. Each change compiles the model anew, which takes half a minute. All
changes are made in one copy with one cache, so a stale kernel would show as a property that does not fail.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import juguo_envs

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent.relative_to(ROOT).as_posix()


@dataclass(frozen=True)
class Mutation:
    """A line of the package, what is put in its place, and the test that must notice.

    Attributes:
        name: What is broken, after the number of the property.
        file: File of the package.
        old: Text that stands in it once.
        new: Text put in its place.
        test: Test, by its file and name.
    """

    name: str
    file: str
    old: str
    new: str
    test: str


EQUATIONS, STEP, PERSONS, BEGINNING = (
    "model/equations.py",
    "model/quarter.py",
    "model/persons.py",
    "model/initialisation.py",
)

MUTATIONS = (
    Mutation(
        "1 the reserve keeps what it releases",
        STEP,
        "programme.M = programme.M - released + reserve_share * pot",
        "programme.M = programme.M + reserve_share * pot",
        "test_money.py::test_spent_paid_out_and_saved_make_up_the_budget",
    ),
    Mutation(
        "1 what the reserve pays is not booked",
        STEP,
        "quarter.saved -= quarter.payout",
        "quarter.saved -= 0.0",
        "test_money.py::test_the_reserve_pays_for_damage_and_the_accounts_still_close",
    ),
    Mutation(
        "2 stocks are not clipped",
        EQUATIONS,
        "return min(1.0, max(0.0, x))",
        "return x",
        "test_ranges.py::test_stocks_stay_in_range_in_every_world_that_is_sampled",
    ),
    Mutation(
        "2 the reserve releases more than it has",
        EQUATIONS,
        "return min(M, P.r_M * P.B * N)",
        "return P.r_M * P.B * N",
        "test_ranges.py::test_stocks_stay_in_range_in_every_world_that_is_sampled",
    ),
    Mutation(
        "3 the naive probability of adopting",
        EQUATIONS,
        "return min(1.0, hazard * (1.0 - e) / denominator)",
        "return 1.0 - math.exp(-hazard)",
        "test_bass_limit.py::test_adoption_follows_the_closed_form_of_bass",
    ),
    Mutation(
        "4 knowledge grows without research",
        EQUATIONS,
        "P.eta_K * sat_research * (1.0",
        "P.eta_K * (1.0",
        "test_no_money.py::test_knowledge_and_fit_do_not_grow_without_money",
    ),
    Mutation(
        "4 fit grows without adaptation",
        EQUATIONS,
        "math.sqrt(sat_adaptation * (P.g0",
        "math.sqrt((P.g0",
        "test_no_money.py::test_knowledge_and_fit_do_not_grow_without_money",
    ),
    Mutation(
        "4 the environment returns to its base from below",
        EQUATIONS,
        "max(0.0, E - P.E_b)",
        "(E - P.E_b)",
        "test_no_money.py::test_the_environment_never_rises_without_money",
    ),
    Mutation(
        "4 the environment does not decay",
        EQUATIONS,
        "- P.delta_E * (1.0 - sat_service)",
        "- 0.0 * (1.0 - sat_service)",
        "test_no_money.py::test_the_environment_falls_to_its_base_without_money",
    ),
    Mutation(
        "5 trust repels",
        EQUATIONS,
        "(F * E * tau) ** P.alpha_s",
        "(F * E * (1.0 - tau)) ** P.alpha_s",
        "test_adoption_is_monotone.py::test_nobody_is_less_likely_to_adopt_when_one_stock_is_raised",
    ),
    Mutation(
        "5 what fits is harder to use",
        EQUATIONS,
        "(1.0 - P.d_F * F)",
        "(1.0 + P.d_F * F)",
        "test_adoption_is_monotone.py::test_acceptance_rises_with_capability_fit_and_environment",
    ),
    Mutation(
        "5 know-how runs away from knowledge",
        EQUATIONS,
        "absorption * (K - k)",
        "absorption * (k - K)",
        "test_adoption_is_monotone.py::test_nobody_is_less_likely_to_adopt_when_one_stock_is_raised",
    ),
    Mutation(
        "6 luck depends on the place in the batch",
        BEGINNING,
        "programme.seed = seed",
        "programme.seed = seed + np.uint64(b)",
        "test_reproducibility.py::test_a_society_is_the_same_alone_and_at_every_place_of_a_batch",
    ),
    Mutation(
        "6 the vector environment draws other episodes",
        "vector_env.py",
        "self._generators[i].integers(2**63)",
        "self._generators[i].integers(2**62)",
        "test_reproducibility.py::test_each_sub_environment_is_the_single_environment_over_whole_episodes",
    ),
    Mutation(
        "6 an episode leaves its accounts to the next",
        BEGINNING,
        "s.quarter[b] = np.zeros(1, QUARTER)[0]",
        "pass",
        "test_reproducibility.py::test_a_used_environment_starts_like_a_new_one",
    ),
    Mutation(
        "6 a technology depends on when the one before was given up",
        BEGINNING,
        "draws.stream(programme.seed, programme.project, draws.CEILING)",
        "draws.stream(programme.seed, programme.t, draws.CEILING)",
        "test_reproducibility.py::test_the_jth_technology_is_the_same_whoever_decides",
    ),
    Mutation(
        "6 shocks depend on what was given up",
        STEP,
        "draws.stream(programme.seed, programme.t, draws.SHOCK)",
        "draws.stream(programme.seed, programme.t + programme.abandoned, draws.SHOCK)",
        "test_reproducibility.py::test_shocks_strike_the_same_communities_as_hard_whoever_decides",
    ),
    Mutation(
        "6 a person's draw depends on another community",
        PERSONS,
        "draws.stream(seed, t, draws.ROLE)",
        "draws.stream(seed, t + s.community[b, 0].interactors, draws.ROLE)",
        "test_reproducibility.py::test_what_happens_in_one_community_does_not_shift_the_draws_of_another",
    ),
    Mutation(
        "7 no hysteresis",
        EQUATIONS,
        "P.floor + P.margin if was else P.floor",
        "P.floor",
        "test_exclusion.py::test_of_two_equally_resilient_persons_one_is_out_and_one_is_not",
    ),
    Mutation(
        "7 money for resilience restores nothing",
        EQUATIONS,
        "P.eta_R * sat_resilience",
        "0.0 * sat_resilience",
        "test_exclusion.py::test_money_for_resilience_undoes_exclusion_in_nine_quarters",
    ),
)


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package, without what was compiled of it."""
    package = Path(juguo_envs.__file__).parent
    target = tmp_path_factory.mktemp("mutated") / package.name
    shutil.copytree(package, target, ignore=shutil.ignore_patterns("__pycache__"))
    return target


def run_tests(package: Path, tests: list[str]) -> subprocess.CompletedProcess[str]:
    """Run some tests of this folder in another process, against a copy of the package."""
    environment = {**os.environ, "PYTHONPATH": str(package.parent), "OMP_NUM_THREADS": "1"}
    imported = subprocess.run(
        [sys.executable, "-c", "import juguo_envs; print(juguo_envs.__file__)"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert Path(imported.stdout.strip()).parent == package
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--tb=line", "-p", "no:cacheprovider"]
        + [f"{HERE}/{test}" for test in tests],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.name)
def test_the_line_to_break_and_the_test_to_notice_are_still_there(mutation: Mutation) -> None:
    package = Path(juguo_envs.__file__).parent
    assert (package / mutation.file).read_text(encoding="utf-8").count(mutation.old) == 1
    file, test = mutation.test.split("::")
    assert f"def {test}(" in (ROOT / HERE / file).read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_untouched_copy_passes(copied: Path) -> None:
    done = run_tests(copied, sorted({m.test for m in MUTATIONS}))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.name)
def test_the_property_fails_when_its_equation_is_broken(copied: Path, mutation: Mutation) -> None:
    file = copied / mutation.file
    whole = file.read_text(encoding="utf-8")
    file.write_text(whole.replace(mutation.old, mutation.new), encoding="utf-8")
    try:
        done = run_tests(copied, [mutation.test])
    finally:
        file.write_text(whole, encoding="utf-8")
    assert done.returncode == 1, done.stdout + done.stderr
    # a broken property, not a broken import or a compiler's complaint
    assert f"FAILED {HERE}/{mutation.test}" in done.stdout
    assert re.search(r":\d+: (assert|AssertionError)\b", done.stdout), done.stdout
