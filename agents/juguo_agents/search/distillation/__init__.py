"""A small tree from an allocator, by DAgger."""
