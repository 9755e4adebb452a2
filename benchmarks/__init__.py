"""Programs that produce the figures in the documentation. They are not part of the installed package."""
