"""coproarchive."""
