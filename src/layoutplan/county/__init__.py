"""The county as it is: tables, layers, coordinates, the sample county."""
