"""Lines: what takes the keys at the bottom of the screen for a moment (the reason line, a question, the offers).

A line is plain Python: it draws styled lines, takes key tokens and calls its host. Textual is not needed to test one.
"""
