"""What several tests use: made-up music and ways to run the real command."""
