"""What carries out a query tree: the seam, and the engines behind it."""
