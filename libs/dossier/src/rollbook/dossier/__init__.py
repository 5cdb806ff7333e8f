"""Evidence packs: everything on record about a version, for those who must account for it."""
