"""Video4Linux: capture cards and USB cameras, through the kernel's own interface."""
