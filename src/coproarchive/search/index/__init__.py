"""The index of a whole archive: updating it, and carrying out a search from query to results."""
