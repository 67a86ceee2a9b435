"""A source tree, read and shown by Sphinx; nothing here starts a process."""
