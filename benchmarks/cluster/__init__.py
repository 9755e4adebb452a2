"""Compare analysis on a Dask cluster with analysis on this machine."""
