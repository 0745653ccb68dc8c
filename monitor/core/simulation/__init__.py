"""The demo's world: a bedroom, its weather, a sleeper and three sensors, made up from a seed."""
