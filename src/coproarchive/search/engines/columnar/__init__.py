"""A searcher over arrays of postings and facets, whichever index they come from."""
