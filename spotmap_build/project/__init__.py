"""Project vectors to positions on the plane. Pure: arrays in, arrays out."""
