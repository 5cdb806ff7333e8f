"""`python -m rollbook.identity NAMESPACE ACCOUNT`: make a token for a machine."""

import json
import sys

from rollbook.identity.accounts import mint


def main(arguments: list[str]) -> int:
    """Print a new token and what the registry is to be told of it; nothing is sent anywhere."""
    try:
        namespace, account = arguments
        made = mint(namespace, account)
    except ValueError as error:
        sys.stderr.write(f"{error}\nusage: python -m rollbook.identity NAMESPACE ACCOUNT\n")
        return 2
    shown = {
        "token": made.reveal(),
        "subject": made.subject,
        "key": made.key_id,
        "public_key": made.public_key,
    }
    sys.stdout.write(json.dumps(shown, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
