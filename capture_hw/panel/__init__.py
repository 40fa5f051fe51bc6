"""Light panels: what they run by themselves, and how they are talked to."""
