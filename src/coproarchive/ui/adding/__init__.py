"""The page on which those who keep the archive add files: dropped, described as a table, saved."""
