"""The embedded community, over real HTTP."""
