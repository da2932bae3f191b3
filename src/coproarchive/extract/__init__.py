"""Files become leaves: one module a format, a table of them, a cache, and workers around them."""
