"""From matching documents to what readers see of them: stored texts, matches, highlighting."""
