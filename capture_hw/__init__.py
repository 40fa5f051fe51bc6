"""Cameras, the video writer and the light panel of a cage rack."""
