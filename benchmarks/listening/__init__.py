"""The cost of analysis on each engine, and the agreement of the engines."""
