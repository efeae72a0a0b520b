"""The built-in strategies, one file each, and the registry that finds them all."""
