"""From finished files to object storage."""
