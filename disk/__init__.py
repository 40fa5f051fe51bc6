"""Files and ledgers that survive a crash; the lowest layer, known to all packages."""
