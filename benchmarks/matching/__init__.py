"""How often the matcher is right: on tables of cases, and on a made-up library of any size."""
