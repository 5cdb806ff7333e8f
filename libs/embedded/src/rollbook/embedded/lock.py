"""Writes `kafka.lock` anew: `python -m rollbook.embedded.lock` (needs the network, takes seconds).

To move to another Kafka, change VERSION, run it, run the integration tests.
"""

import hashlib
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import jgo
from jgo.constants import MAVEN_CENTRAL_URL

from rollbook.embedded.jars import LOCK, Jar

VERSION = "4.3.1"
KAFKA = f"org.apache.kafka:kafka_2.13:{VERSION}"

# In the graph, but never loaded by a plain broker and StorageTool (looked at with
# -Xlog:class+load under transactions, both group protocols and all compressions).
UNUSED = {
    "caffeine",  # index cache of tiered storage
    "commons-beanutils",  # commons-validator's own, for parts that Kafka does not call
    "commons-collections",
    "commons-digester",
    "commons-logging",
    "jackson-dataformat-csv",  # command line tools
    "jackson-dataformat-yaml",  # log4j2.yaml; ours is a .properties
    "jose4j",  # OAuth
    "scala-reflect",  # macros of scala-logging, done at compile time
    "snakeyaml",
}


def main() -> None:
    """Resolve, download, digest, write."""
    # Kafka alone: resolved together with log4j's own POM, whose dependencyManagement then wins,
    # jgo answers with kafka-clients 3.9.
    found = {
        artifact.artifactId: (artifact.groupId, artifact.artifactId, artifact.version)
        for artifact in jgo.resolve(KAFKA)
    }
    group, _, version = found["log4j-core"]
    found["log4j-slf4j-impl"] = (group, "log4j-slf4j-impl", version)  # missing from Kafka's POM
    wanted = sorted(found[name] for name in found.keys() - UNUSED)

    def digested(coordinates: tuple[str, str, str]) -> Jar:
        jar = Jar(*coordinates, sha256="", size=0)
        url = f"{MAVEN_CENTRAL_URL}/{jar.location}"
        with urllib.request.urlopen(url) as answer:  # noqa: S310 - https, by jgo
            content = answer.read()
        return Jar(*coordinates, sha256=hashlib.sha256(content).hexdigest(), size=len(content))

    with ThreadPoolExecutor(6) as pool:
        lines = [str(jar) for jar in pool.map(digested, wanted)]
    header = f"# The jars of {KAFKA}, made by: python -m rollbook.embedded.lock\n"
    LOCK.write_text(header + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
