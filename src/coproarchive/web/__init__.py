"""HTTP: who may do what, the pages that need no script, and downloads."""
