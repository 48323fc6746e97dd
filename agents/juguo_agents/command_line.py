"""What the scripts share: one clear line and exit status 2 for anything the user can mend."""

from __future__ import annotations

import sys
from collections.abc import Callable

from juguo_envs.errors import UserError

REFUSED, INTERRUPTED = 2, 130


def guarded(main: Callable[[], int]) -> int:
    """Run a script's main; a user's mistake becomes one line on standard error and exit status 2."""
    try:
        return main()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        print("interrupted; what was finished is kept", file=sys.stderr)
        return INTERRUPTED
