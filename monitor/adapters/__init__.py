"""The outside world, one thing per module, without policy."""
