"""What can be wished of a registry."""

from rollbook.client.catalog import Catalog
from rollbook.client.evidence import Evidence
from rollbook.client.governing import Governing
from rollbook.client.serving import Serving
from rollbook.client.versions import Versions


class Commands(Catalog, Versions, Evidence, Serving, Governing):
    """Each method sends one command and returns when its outcome stands in the log.

    A model is named `namespace/name`. All raise `Refused`, `Invalid` or `Unavailable`.
    """
