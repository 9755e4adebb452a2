"""How often descriptions of sound find what they mean."""
