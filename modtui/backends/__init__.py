"""The adapters: one folder per platform, and what they share."""
