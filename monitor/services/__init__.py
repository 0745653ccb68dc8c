"""The steps of the daemon over ports and core, each safe to repeat."""
