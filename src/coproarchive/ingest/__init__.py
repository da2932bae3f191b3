"""New material: from files to described items, and from a blog to an archive."""
