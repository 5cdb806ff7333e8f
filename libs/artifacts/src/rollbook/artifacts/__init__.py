"""The content-addressed store of artifacts, and the digests of files and folders."""
