"""The map: where in the family of scenarios which system is best, and what decides it."""
