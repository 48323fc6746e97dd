"""One policy's Pareto front over preferences against that of a multi-objective search."""
