"""An expert for each of many worlds, for a generalist to imitate."""
