"""Evaluation: seeds, rollouts, what they record, and statistics over them."""
