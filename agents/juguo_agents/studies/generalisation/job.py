"""The whole job: tune on the family, search every oracle, measure, judge. What is done is not done again."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from tqdm import tqdm

from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP
from juguo_agents.allocators.registry import compared_names
from juguo_agents.artifacts.searched import validated
from juguo_agents.studies.generalisation.figures import draw
from juguo_agents.studies.generalisation.judge import Summary, judge
from juguo_agents.studies.generalisation.measure import (
    Kind,
    Subject,
    learned_subjects,
    measure,
    searched_subject,
)
from juguo_agents.studies.generalisation.settings import Settings, doubled_name, tuned_rules, tuning_name
from juguo_agents.studies.generalisation.under_bar import conduct_under_bar, tick
from juguo_agents.studies.generalisation.words import FIGURE, as_markdown
from juguo_envs.files import write_bytes, write_text

SUMMARY_FILE, WORDS_FILE = "family.json", "family.md"


def episodes_of(settings: Settings, policies: int) -> dict[str, int]:
    """About how many episodes each step of the job runs."""
    allocators = len(compared_names()) + len(settings.tunings()) + 1 + policies
    return {
        "tuning": len(settings.tunings()) * settings.tuning,
        "oracles": settings.scenarios * settings.budget,
        "their doubling": len(settings.doublings()) * settings.budget,
        "measuring": settings.scenarios * settings.episodes * allocators,
    }


def judge_family(
    settings: Settings,
    folder: Path,
    runs: Sequence[Path],
    workers: int,
    say: Callable[[str], None],
    stop: Callable[[], bool] = lambda: False,
) -> Summary:
    """Do whatever is not done yet, and write numbers, words and figure.

    Args:
        settings: What was asked for; `folder` has claimed it.
        folder: The judgement's folder.
        runs: Folders of trained runs; there may be none yet, and more later.
        workers: Processes; the result does not depend on it.
        say: Told what there is to do.
        stop: Asked after every search and every scenario whether to end.

    Raises:
        KeyboardInterrupt: If `stop` says so.
        UserError: If a run holds no policy that fits.
    """
    learned = learned_subjects(runs, settings)
    counts = episodes_of(settings, len(learned))
    parts = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    say(f"{folder}: {sum(counts.values()):,} episodes ({parts}); what is done is not done again")
    tuned = conduct_under_bar(settings.tunings(), folder, workers, "tuning", stop)
    on_the_family = tuned[tuning_name(CLOSED_LOOP.name)].data["parameters"]
    oracles = conduct_under_bar(settings.oracles(on_the_family), folder, workers, "oracles", stop)
    doublings = settings.doublings(on_the_family)
    searches = {doubled_name(name): search for name, search in doublings.items()}
    after = {doubled_name(name): name for name in doublings}
    doubled = conduct_under_bar(searches, folder, workers, "their doubling", stop, after)
    gains = [validated(doubled[doubled_name(name)]) - validated(oracles[name]) for name in doublings]
    subjects = [*_yardsticks(settings, folder), *learned]
    with tqdm(total=settings.scenarios, desc="measuring", unit="scenario") as bar:
        returns = measure(settings, folder, subjects, workers, lambda: tick(bar, stop))
    summary, regret = judge(settings, returns, subjects, gains)
    write_bytes(folder / FIGURE, draw(summary, regret))
    write_text(folder / WORDS_FILE, as_markdown(summary))
    numbers = {**summary, "regret": {name: values.tolist() for name, values in regret.items()}}
    text = json.dumps(numbers, allow_nan=False, indent=1, ensure_ascii=False)
    write_text(folder / SUMMARY_FILE, text + "\n")
    return summary


def _yardsticks(settings: Settings, folder: Path) -> list[Subject]:
    """Every rule as it is, and what was tuned or searched on the family."""
    found = [Subject(name, "rule") for name in compared_names()]
    for name, search in settings.tunings().items():
        kind: Kind = "searched" if search.family == CLOSED_LOOP.name else "tuned"
        found.append(searched_subject(folder, name, kind))
    assert len(found) == len(compared_names()) + len(tuned_rules()) + 1
    return found
