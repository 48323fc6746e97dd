"""`juguo explain`, as a script; with `--between A B` it is `juguo study attribution A B`."""

import sys

from juguo_agents.cli.main import main

if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--between"]
    study = "attribution" if "--between" in sys.argv else "explain"
    sys.exit(main(["study", study, *words]))
