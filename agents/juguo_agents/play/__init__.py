"""A world to play: a person runs a programme, beside allocators that live the same episode."""
