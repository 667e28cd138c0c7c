"""Show it and hand it in: maps, figures, files."""
