"""What must be the same for a run to go on as if nothing had happened: configuration, world, software."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from juguo_agents.artifacts.identity import identity_of
from juguo_agents.provenance import MODEL, versions
from juguo_agents.training.checkpoint import Checkpoint
from juguo_agents.training.config import Experiment
from juguo_envs.errors import UserError
from juguo_envs.worlds.scenario import Scenario

FREE = ("training.processes", "training.checkpoint_minutes")
"""Fields of the configuration that change how a run proceeds, but not what it ends with."""


class ResumeError(UserError):
    """A run that cannot be gone on with; the message names what differs."""


def software() -> dict[str, str]:
    """Versions, and the fingerprint of the model's source."""
    return {**versions(), "model source": MODEL}


def identity(experiment: Experiment, scenario: Scenario) -> dict[str, Any]:
    """What a checkpoint belongs to, as JSON knows it."""
    world = scenario.model_dump(mode="json", exclude={"name", "description"})
    return {"config": config_of(experiment), "scenario": world, "software": software()}


def run_identity(experiment: Experiment, scenario: Scenario) -> str:
    """The identity of a run, which stands in each of its files."""
    return identity_of(identity(experiment, scenario))


def config_of(experiment: Experiment) -> dict[str, Any]:
    """The configuration without the fields that are free to change."""
    config = experiment.model_dump(mode="json")
    for field in FREE:
        section, _, name = field.partition(".")
        del config[section][name]
    return config


def differences(here: Mapping[str, Any], there: Mapping[str, Any], path: str = "") -> list[str]:
    """Each field in which two nested mappings differ, in words."""
    found = []
    for name in dict.fromkeys([*here, *there]):
        one, other = here.get(name), there.get(name)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            found += differences(one, other, f"{path}{name}.")
        elif one != other:
            found.append(f"{path}{name} is {_shown(one)} now and was {_shown(other)}")
    return found


def check_same(here: Mapping[str, Any], there: Mapping[str, Any], source: str) -> None:
    """Refuse to go on where two identities, or parts of them, differ.

    Args:
        here: What would be gone on with.
        there: What the run was begun with.
        source: The run or the file of which `there` is told.

    Raises:
        ResumeError: Naming what differs, and what to do.
    """
    here, there = (json.loads(json.dumps(part)) for part in (here, there))  # tuples become lists
    found = differences(here, there)
    if found:
        more = f", and {len(found) - 3} more" if len(found) > 3 else ""
        raise ResumeError(
            f"{source} cannot be resumed bit for bit: {'; '.join(found[:3])}{more}; "
            "restore what it was begun with, or begin a new run"
        )


def check_checkpoint(
    found: Checkpoint, experiment: Experiment, scenario: Scenario, seed: int, folder: Path
) -> None:
    """Refuse to go on from the checkpoint of another training.

    Args:
        found: The newest in the folder.
        experiment, scenario, seed: What is trained.
        folder: Of the checkpoints of that seed.

    Raises:
        ResumeError: Naming what differs.
    """
    if found.values["seed"] != seed:
        raise ResumeError(
            f"{folder}: holds checkpoints of training seed {found.values['seed']}, and is the folder of seed "
            f"{seed}; put back what belongs there, or remove the folder, and the seed begins anew"
        )
    check_same(identity(experiment, scenario), found.values["run"], str(folder))


def _shown(value: Any) -> str:
    if value is None:
        return "absent"
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
