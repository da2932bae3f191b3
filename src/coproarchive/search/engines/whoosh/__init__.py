"""The embedded engine: an index on disk written by Whoosh, searched through columns."""
