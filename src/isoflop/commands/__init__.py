"""The commands: each calls the lab and prints. Everything heavy is imported inside the command that needs it."""
