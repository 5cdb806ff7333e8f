"""The validator: lets the gates of the policies look at versions, and sends their verdict."""
