"""Signatures of artifacts by the OpenSSF's model signing: made, verified, and asked at load."""
