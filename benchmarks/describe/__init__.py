"""Measure how often descriptions of sound find the intended tracks."""
