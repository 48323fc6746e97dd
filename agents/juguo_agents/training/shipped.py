"""The configurations that come with the package, by name."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from juguo_agents.training.config import ConfigError
from juguo_envs.errors import unknown

CONFIGS = Path(str(resources.files("juguo_agents"))) / "configs"
DEFAULT, FROM_SCRATCH = "default", "from_scratch"


def config_names() -> list[str]:
    """Names of the configurations that come with the package, such as `smoke` and `learners/ppo`."""
    return sorted(path.relative_to(CONFIGS).with_suffix("").as_posix() for path in CONFIGS.rglob("*.yaml"))


def find_config(which: str, others: Sequence[str] = ()) -> Path:
    """The file of a configuration, by its name or its path.

    Args:
        which: A path is not looked at.
        others: Names that would be understood, too, for the message.

    Raises:
        ConfigError: If there is none of that name.
    """
    names = config_names()
    if which in names:
        return CONFIGS / f"{which}.yaml"
    if which.endswith((".yaml", ".yml")) or "/" in which:
        return Path(which)
    raise ConfigError(
        f"{unknown('config', which, dict.fromkeys([*names, *others]))}, or give the path of a .yaml file"
    )
