"""Writing: the composer of replies, its picker, preview, completion and send line."""
