"""Evidence: what the model says about the paper's questions, over a family of worlds."""
