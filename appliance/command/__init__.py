"""The subcommands of `ethoprofiler`, one module each."""
