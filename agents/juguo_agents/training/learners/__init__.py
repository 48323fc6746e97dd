"""The learners: their settings, how each is made, captured and turned into a policy file."""
