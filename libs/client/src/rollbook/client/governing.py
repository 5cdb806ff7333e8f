"""Commands to a namespace: its rules, who may do what there, and what is kept outside the log."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Unpack

from rollbook.client.results import Outcome
from rollbook.client.session import namespace_path
from rollbook.client.wishes import Terms, Wishes

if TYPE_CHECKING:
    from rollbook.client.wishes import Part


class Governing(Wishes):
    """What holds for all models whose names begin with a namespace.

    The namespace `rollbook` stands for the registry: what is granted there is granted everywhere.
    """

    def set_rules(self, namespace: str, rules: "Part", **terms: Unpack[Terms]) -> Outcome:
        """Replace the rules by a `rollbook.domain.rulebook.Rules`."""
        return self._wish("SetRules", namespace, {"rules": rules}, terms)

    def set_metadata_schema(
        self, namespace: str, metadata: "Part", **terms: Unpack[Terms]
    ) -> Outcome:
        """Replace the schema by a `rollbook.domain.rulebook.MetadataSchema`."""
        return self._wish("SetMetadataSchema", namespace, {"metadata": metadata}, terms)

    def grant(
        self,
        namespace: str,
        subject: str,
        role: str,
        reason: str,
        *,
        models: str = "*",
        environments: str = "*",
        title: str | None = None,
        until: datetime | None = None,
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Give a person, `group:NAME` or `account:NAMESPACE/NAME` a role.

        `models` and `environments` are patterns such as `fraud-*`; `title` says in whose name an
        approver signs; `until` ends the grant by itself.
        """
        fields = {
            "subject": subject,
            "role": role,
            "models": models,
            "environments": environments,
            "title": title,
            "until": until,
            "reason": reason,
        }
        return self._wish("GrantRole", namespace, fields, terms)

    def revoke(self, namespace: str, grant: int, reason: str, **terms: Unpack[Terms]) -> Outcome:
        """Take back a grant, by its number."""
        return self._wish("RevokeRole", namespace, {"grant": grant, "reason": reason}, terms)

    def issue_key(
        self,
        namespace: str,
        account: str,
        public_key: str,
        until: datetime,
        *,
        roles: Iterable[str] = (),
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Let a machine's key be used until a moment; only its public half is sent.

        `roles` limits it to some of those that the account is granted.
        """
        fields = {
            "account": account,
            "public_key": public_key,
            "until": until,
            "roles": list(roles) or None,
        }
        return self._wish("IssueKey", namespace, fields, terms)

    def revoke_key(self, namespace: str, key: str, reason: str, **terms: Unpack[Terms]) -> Outcome:
        """Take a key out of use, for ever."""
        return self._wish("RevokeKey", namespace, {"key": key, "reason": reason}, terms)

    def set_collection(
        self,
        namespace: str,
        collection: str,
        models: Iterable[str],
        *,
        description: str = "",
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Say which models, by their names in the namespace, a collection consists of."""
        fields = {"collection": collection, "models": list(models), "description": description}
        return self._wish("SetCollection", namespace, fields, terms)

    def remove_collection(self, namespace: str, collection: str, **terms: Unpack[Terms]) -> Outcome:
        """Remove a collection; its models stay."""
        return self._wish("RemoveCollection", namespace, {"collection": collection}, terms)

    def save_query(
        self,
        namespace: str,
        query: str,
        text: str,
        *,
        order: str = "",
        description: str = "",
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Give a query a name; `Invalid`, with the column, when it cannot be read."""
        fields = {"query": query, "text": text, "order": order, "description": description}
        return self._wish("SaveQuery", namespace, fields, terms)

    def drop_query(self, namespace: str, query: str, **terms: Unpack[Terms]) -> Outcome:
        """Forget a saved query."""
        return self._wish("DropQuery", namespace, {"query": query}, terms)

    def set_synonyms(
        self, namespace: str, word: str, same: Iterable[str] = (), **terms: Unpack[Terms]
    ) -> Outcome:
        """Say which words mean the same as `word`, in place of what was said before.

        With none, it stands for itself again. In the namespace `rollbook` it is said of all.
        """
        return self._wish("SetSynonyms", namespace, {"word": word, "same": list(same)}, terms)

    def personal(self, namespace: str, text: str) -> str:
        """Keep personal data outside of the log, where it can be erased.

        The reference that is returned, `personal:…`, stands for it wherever text is written.
        """
        answer = self.post(f"{namespace_path(namespace)}/personal", {"content": text})
        return str(answer["reference"])

    def erase(
        self, namespace: str, references: Iterable[str], reason: str, **terms: Unpack[Terms]
    ) -> Outcome:
        """Erase what stands behind references, for ever; the references stay."""
        fields = {"references": list(references), "reason": reason}
        return self._wish("ErasePersonalData", namespace, fields, terms)
