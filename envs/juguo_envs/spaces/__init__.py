"""What an allocator does and sees: actions, observations, and the context shown beside them."""
