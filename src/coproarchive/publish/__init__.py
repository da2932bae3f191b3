"""Ways out of the archive that machines read, and citations for people."""
