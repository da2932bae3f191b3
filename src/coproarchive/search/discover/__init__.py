"""What leads on from a search: suggestions, similar items, tables of results."""
