"""Worlds: parameters, scenarios, societies and families of scenarios; those that ship are here as YAML."""
