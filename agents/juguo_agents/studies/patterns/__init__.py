"""Stylised facts that a world must show before systems are compared in it."""
