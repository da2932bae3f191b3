"""Running an archive: whether it is well, its index kept up to date, what to do otherwise."""
