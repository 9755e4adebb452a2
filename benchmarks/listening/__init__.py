"""What listening costs on each engine, and how far the engines agree."""
