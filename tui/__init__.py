"""The technicians' dashboard in the terminal."""
