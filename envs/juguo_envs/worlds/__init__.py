"""Worlds: parameters, scenarios, societies and families of scenarios. The scenarios that ship are here as YAML."""
