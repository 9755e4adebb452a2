"""Shared utilities without ties to a specific service: files, HTTP, text, documents, processes."""
