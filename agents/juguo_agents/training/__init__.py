"""Training: configuration, learners, checkpoints, and the main job."""
