"""Test the paper's claims, as hypotheses.yaml states them, over scenarios sampled from the ranges.

    python scripts/hypotheses.py [--only 3,7] [--scenarios N] [--episodes N] [--out DIR]
    python scripts/hypotheses.py --out DIR --resume

Each claim gets a verdict (holds, fails or depends), an effect with its interval, and a figure. How verdicts
are reached and how to read them: docs/hypotheses.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from juguo_agents.cli.common import (
    add_resume,
    add_workers,
    check_resume,
    check_workers,
    claim_new,
    guarded,
    interrupted,
    resume_command,
    say,
)
from juguo_agents.folders import next_free
from juguo_agents.processes import cores
from juguo_agents.studies.hypotheses.claims import CLAIMS_FILE, Hypotheses, load_claims, parse_claims
from juguo_agents.studies.hypotheses.job import PAGE_FILE, VERDICTS_FILE, conduct
from juguo_agents.studies.hypotheses.page import console_table
from juguo_agents.studies.hypotheses.runs import (
    SETTINGS_FILE,
    HypothesesError,
    Settings,
    episodes_of,
    load_settings,
)

CLAIMS = Path(__file__).resolve().parents[1] / CLAIMS_FILE
NUMBERS = {
    "scenarios": ("sample", "scenarios", "scenarios of the sample"),
    "episodes": ("sample", "episodes", "episodes of each arm in each scenario"),
    "seed": ("sample", "points_seed", "seed of the scenarios' places"),
    "searched": (
        "search",
        "scenarios",
        "scenarios, the first ones, in which the best allocations are searched",
    ),
    "search-budget": ("search", "budget", "episodes of each of these searches"),
    "tuning-points": ("tuning", "points", "sampled worlds in which rules are tuned, besides those that ship"),
    "tuning-budget": ("tuning", "budget", "episodes of each tuning search"),
}
"""Options that change a number of the file of claims."""


def parse() -> argparse.Namespace:
    """The command line; what was not said is None."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument(
        "--claims", type=Path, metavar="PATH", help=f"file of claims; default {CLAIMS_FILE} of the repository"
    )
    parser.add_argument("--only", metavar="3,7", help="test only the claims of these numbers")
    for name, (_, _, text) in NUMBERS.items():
        parser.add_argument(f"--{name}", type=int, metavar="N", help=f"{text}; default: as the claims state")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="new folder; default hypotheses/test, numbered"
    )
    add_workers(parser)
    add_resume(parser, "test")
    parser.add_argument("--json", action="store_true", help=f"print {VERDICTS_FILE} and nothing else")
    arguments = parser.parse_args()
    check_resume(parser, arguments, "test")
    check_workers(parser, arguments)
    return arguments


def stated(arguments: argparse.Namespace, claims: Hypotheses) -> Settings:
    """The claims with what the command line changes in their numbers."""
    data = claims.model_dump(mode="json", exclude_unset=True)
    for option, (section, field, _) in NUMBERS.items():
        if (value := getattr(arguments, option.replace("-", "_"))) is not None:
            data[section][field] = value
    changed = parse_claims(data, "command line")
    settings = Settings(changed, wanted(arguments.only, changed))
    settings.check()
    return settings


def wanted(only: str | None, claims: Hypotheses) -> tuple[int, ...]:
    """The ids that --only names; all by default."""
    if only is None:
        return tuple(claim.id for claim in claims.claims)
    try:
        return tuple(sorted({int(part) for part in only.split(",")}))
    except ValueError:
        raise HypothesesError(
            f"--only is {only!r}; expected numbers of claims, for example --only 3,7"
        ) from None


def fresh(arguments: argparse.Namespace) -> tuple[Settings, Path]:
    """A new test in a new folder."""
    settings = stated(arguments, load_claims(arguments.claims or CLAIMS))
    folder = arguments.out or next_free(Path("hypotheses"), "test")
    claim_new(folder)
    settings.save(folder)
    return settings, folder


def resumed(arguments: argparse.Namespace) -> tuple[Settings, Path]:
    """The test in a folder; what is said besides must agree with it."""
    settings = load_settings(arguments.out)
    base = load_claims(arguments.claims) if arguments.claims else settings.claims
    said: Any = stated(arguments, base)
    if arguments.only is None:
        said = Settings(said.claims, settings.only)
    if said != settings:
        raise HypothesesError(
            f"{arguments.out / SETTINGS_FILE} differs from what the command line says; leave the options "
            "out, or begin anew in another folder"
        )
    return settings, arguments.out


def main() -> int:
    """Parse, test, print; returns the exit status."""
    arguments = parse()
    settings, folder = resumed(arguments) if arguments.resume else fresh(arguments)
    begun = time.monotonic()
    total = sum(episodes_of(settings, i) for i in range(settings.claims.sample.scenarios))
    say(f"{folder}: {len(settings.only)} claims, about {total:,} episodes after tuning")
    try:
        results = conduct(settings, folder, arguments.workers or cores())
    except KeyboardInterrupt:
        return interrupted(resume_command(folder))
    if arguments.json:
        print(json.dumps(json.loads((folder / VERDICTS_FILE).read_text(encoding="utf-8")), indent=1))
    else:
        print(console_table(results))
        print(f"\n{time.monotonic() - begun:.0f} s; in words, with figures: {folder / PAGE_FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
