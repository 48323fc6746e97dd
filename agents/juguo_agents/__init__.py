"""Allocators for the technology experiment-diffusion environment: rules, training, evaluation."""
