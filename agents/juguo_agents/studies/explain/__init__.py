"""What an allocator does: a small tree distilled from it, what it spends, and what it looks at."""
