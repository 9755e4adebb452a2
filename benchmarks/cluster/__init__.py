"""Listening on a Dask cluster beside listening on this machine."""
