"""Batches of societies, and the threads that step them."""
