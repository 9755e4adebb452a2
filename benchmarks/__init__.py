"""Where the figures in the documentation come from. Nothing here is part of the installed package."""
