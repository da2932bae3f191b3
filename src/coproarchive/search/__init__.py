"""From words to talks: analysis, the query language, engines behind one seam, and results."""
