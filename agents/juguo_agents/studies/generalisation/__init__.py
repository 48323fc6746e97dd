"""Trained policies and tuned rules in held-out worlds of a family, by regret to each one's oracle."""
