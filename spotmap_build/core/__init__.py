"""What every part needs and no outside service defines: files, HTTP, text, documents, processes."""
