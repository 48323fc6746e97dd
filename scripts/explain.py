"""`juguo explain`, as a script; with `--between A B` it is `juguo study attribution A B`."""

import sys

from juguo_agents.cli.main import main

if __name__ == "__main__":
    words = sys.argv[1:]
    between = "--between" in words
    words = [word for word in words if word != "--between"]
    sys.exit(main(["study", "attribution" if between else "explain", *words]))
