"""The pure model: state, action, parameters and random key in, next state out.

Nothing here knows of Gymnasium, files or figures. Every equation is written once, in `equations`.
"""
