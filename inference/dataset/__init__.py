"""Annotated data sets: reading, checking, cutting and exporting them."""
