"""What sensors publish, one MQTT dialect per module: a message in, measurements out."""
