"""What is handed on as a file and loaded as an allocator: policies, search results, trees, fronts."""
