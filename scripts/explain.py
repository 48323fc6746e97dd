"""`juguo explain RUN`; with `--between A B`: `juguo study attribution A B`."""

import sys

from juguo_agents.cli.main import main

words = sys.argv[1:]
command = ["study", "attribution"] if "--between" in words else ["explain"]
sys.exit(main([*command, *(word for word in words if word != "--between")]))
