"""Everything that touches the world: HTTP, processes, files, clocks, the command line."""
