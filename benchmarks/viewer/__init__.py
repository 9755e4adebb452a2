"""How fast the viewer draws and answers, and what it weighs, beside other ways to draw as many points."""
