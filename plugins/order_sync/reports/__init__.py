"""Reports: the data and its rendering. Pure code."""
