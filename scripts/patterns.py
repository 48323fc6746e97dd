"""`juguo study patterns`, as a script."""

import sys

from juguo_agents.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["study", "patterns", *sys.argv[1:]]))
