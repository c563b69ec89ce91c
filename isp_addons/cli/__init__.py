"""The command line: one module for each group of commands, each imported only when it is used."""
