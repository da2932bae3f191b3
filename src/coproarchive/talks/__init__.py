"""One talk from all its forms: aligning an item's files, and knowing its slides elsewhere."""
