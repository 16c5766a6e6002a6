"""The commands, a file for each group; each only calls the library. `curate.cli` puts them together."""
