"""Yardsticks by search: the best member of a policy class that a stated budget of episodes finds."""
