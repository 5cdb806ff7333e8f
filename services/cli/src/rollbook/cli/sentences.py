"""A record of the log as a sentence for people."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

SHORT = 19
"""Characters of a digest that people compare: `sha256:` and twelve digits."""


def short(digest: str) -> str:
    """The digest's beginning."""
    return digest if len(digest) <= SHORT else digest[:SHORT] + "…"


def clock(time: str | datetime) -> str:
    """A moment in the reader's time zone, to the millisecond."""
    moment = datetime.fromisoformat(time) if isinstance(time, str) else time
    return moment.astimezone().isoformat(sep=" ", timespec="milliseconds")[:23]


def tags(found: Mapping[str, Any]) -> str:
    """`a=b, c=d`."""
    return ", ".join(f"{key}={value}" for key, value in found.items())


def sentence(kind: str, data: Mapping[str, Any]) -> str:
    """What the record says; `data` as in its JSON."""
    match kind, data:
        case "ModelRegistered", _:
            return "model registered"
        case "ModelDescribed", _:
            return "model described anew"
        case "ModelTagged", {"tags": found}:
            return f"model tagged {tags(found)}"
        case "ModelUntagged", {"keys": keys}:
            return f"model lost the tags {', '.join(keys)}"
        case "VersionRegistered", {"version": number, "artifact": artifact}:
            metrics = data.get("metrics") or {}
            measured = f", {tags(metrics)}" if metrics else ""
            return f"version {number} registered, {short(artifact['digest'])}{measured}"
        case "VersionDescribed", {"version": number}:
            return f"version {number} described anew"
        case "VersionTagged", {"version": number, "tags": found}:
            return f"version {number} tagged {tags(found)}"
        case "VersionUntagged", {"version": number, "keys": keys}:
            return f"version {number} lost the tags {', '.join(keys)}"
        case "VersionArchived", {"version": number, "reason": reason}:
            return f"version {number} archived: {reason}"
        case "AliasSet", {"alias": alias, "version": number}:
            return f"{alias} points at version {number}{_instead(data)}"
        case "AliasRemoved", {"alias": alias, "version": number}:
            return f"{alias} removed; it pointed at version {number}"
        case "VersionPromoted", {"version": number, "environment": environment}:
            return f"version {number} serves in {environment}{_instead(data)}"
        case "VersionRolledBack", {"version": number, "environment": environment}:
            restored, reason = data.get("restored"), data.get("reason")
            return f"version {restored} serves in {environment} again, not {number}: {reason}"
        case "CommandRefused", {"command": command, "code": code, "message": message}:
            return f"{command or 'command'} refused ({code}): {message}"
        case "CommandConfirmed", {"command": command}:
            version = f" of version {data['version']}" if "version" in data else ""
            return f"{command}: it was so already{version}"
        case "CommandRepeated", {"offset": offset}:
            return f"a repeat; its outcome stands at offset {offset}"
        case "WriterClaimed", {"writer": writer}:
            return f"{writer} writes from here on"
        case _:
            return json.dumps(data, ensure_ascii=False)


def _instead(data: Mapping[str, Any]) -> str:
    return f", in place of {data['replaced']}" if data.get("replaced") is not None else ""
