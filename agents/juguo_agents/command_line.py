"""What the scripts share: one clear line and exit status 2 for anything the user can mend."""

from __future__ import annotations

import sys
from collections.abc import Callable

from juguo_agents.allocators import UnknownAllocator
from juguo_agents.config import ConfigError
from juguo_agents.run_folder import FolderExists
from juguo_envs.scenario import ScenarioError

INTERRUPTED = 130


def guarded(main: Callable[[], int]) -> int:
    """Run a script's main; a user's mistake becomes one line on standard error and exit status 2."""
    try:
        return main()
    except (ConfigError, ScenarioError, UnknownAllocator, FolderExists) as error:
        return _refuse(error)
    except KeyboardInterrupt:
        print("interrupted; what was finished is kept", file=sys.stderr)
        return INTERRUPTED
    except ValueError as error:
        from juguo_agents.policy_file import PolicyFileError  # rules alone need no safetensors

        if isinstance(error, PolicyFileError):
            return _refuse(error)
        raise


def _refuse(error: Exception) -> int:
    print(f"error: {error}", file=sys.stderr)
    return 2
