"""NodeBB, on recorded exchanges and a hand-made fake of a forum."""
