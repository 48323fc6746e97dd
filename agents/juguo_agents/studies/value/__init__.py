"""What feedback, evaluation and knowledge are worth in a world."""
