"""Whole screens beside the work screen: help, requests, journal, text, palette, editor, first run."""
