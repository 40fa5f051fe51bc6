"""A cage with a mouse whose true behavior is known, drawn frame by frame."""
