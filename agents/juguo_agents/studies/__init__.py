"""Studies: questions asked of the model over many worlds, each a plan of points and an analysis."""
