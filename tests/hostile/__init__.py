"""Texts that attack, a site whose every field holds one, and the walk through every screen that looks at the bytes."""
