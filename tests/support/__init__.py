"""Helpers of several tests, such as made-up music and ways to run the real command."""
