"""`juguo evaluate`, as a script."""

import sys

from juguo_agents.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["evaluate", *sys.argv[1:]]))
