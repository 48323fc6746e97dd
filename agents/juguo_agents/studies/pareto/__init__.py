"""One policy's front over preferences against that of a multi-objective search: docs/preferences.md."""
