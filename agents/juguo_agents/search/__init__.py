"""Yardsticks by search: the best member of a family of allocators that a stated budget of episodes finds."""
