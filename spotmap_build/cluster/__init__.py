"""Find regions and clusters of a layout, their identities and names. Pure: arrays in, arrays and words out."""
