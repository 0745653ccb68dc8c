"""The pure part: values in, values out; no clock, file, network, thread or logging."""
