"""Settings of the learners found by search: a study of the same budget for each, recorded whole."""
