"""Widgets of modtui: few, drawn line by line, only what is visible."""
