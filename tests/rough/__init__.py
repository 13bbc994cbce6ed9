"""Rough networks: a proxy that spoils what goes through it, a table of faults, and what modtui does under each."""
