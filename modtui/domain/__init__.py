"""What moderation is: subjects, items, reports, offers, plans, decisions. No I/O, no Textual.

Foreign text stays raw here (`Foreign`); only `modtui.text.show` makes it fit to draw. Instants are UTC milliseconds.
"""
