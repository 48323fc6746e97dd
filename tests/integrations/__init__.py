"""Other people's libraries, each with its own checks of ours and an example that learns for a few updates.

A file is a row of `make test-integrations`. Without its library it is passed over.
"""
