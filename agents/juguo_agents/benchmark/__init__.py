"""A benchmark that others can report on: a named, versioned protocol, scorecards and a leaderboard."""
