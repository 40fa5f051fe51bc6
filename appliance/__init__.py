"""The program: command line, configuration, workers."""
