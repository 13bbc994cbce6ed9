"""What the moderator sees: thin screens that show what the desk says and turn keys into calls on it."""
