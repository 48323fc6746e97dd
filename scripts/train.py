"""`juguo train`, as a script."""

import sys

from juguo_agents.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["train", *sys.argv[1:]]))
