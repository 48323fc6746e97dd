"""The one kind of error that a user can mend: its message names the field, the value and what is allowed."""

from __future__ import annotations


class UserError(ValueError):
    """Bad input. Scripts print the message on one line and exit with status 2."""
