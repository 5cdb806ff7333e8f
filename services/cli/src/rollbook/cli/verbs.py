"""Every word that can follow `rollbook`, the function that it leads to, and where it is listed."""

from cyclopts import Group

SYSTEM = Group("The system", sort_key=1)
WRITE = Group("Enter into the book", sort_key=2)
SERVE = Group("Let it serve", sort_key=3)
READ = Group("Read the book", sort_key=4)
GOVERN = Group("Say what holds", sort_key=5)

VERBS = (
    ("up", "up:up", SYSTEM),
    ("demo", "demo:demo", SYSTEM),
    ("replay", "replaying:replay", SYSTEM),
    ("rebuild", "rebuilding:rebuild", SYSTEM),
    ("log", "", SYSTEM),
    ("log export", "keeping:export", SYSTEM),
    ("log import", "keeping:import_", SYSTEM),
    ("log clone", "keeping:clone", SYSTEM),
    ("log digest", "keeping:digest", SYSTEM),
    ("vault", "", SYSTEM),
    ("vault export", "vaulting:export", SYSTEM),
    ("vault import", "vaulting:import_", SYSTEM),
    ("register", "registering:register", WRITE),
    ("evaluate", "evaluating:evaluate", WRITE),
    ("card", "", WRITE),
    ("card show", "carding:show", WRITE),
    ("card write", "carding:write", WRITE),
    ("card edit", "editing:edit", WRITE),
    ("card import", "carding:import_", WRITE),
    ("card review", "carding:review", WRITE),
    ("card check", "carding:check", WRITE),
    ("card render", "carding:render", WRITE),
    ("validate", "", WRITE),
    ("validate start", "validating:start", WRITE),
    ("validate record", "validating:record", WRITE),
    ("validate show", "validating:show", WRITE),
    ("validate watch", "awaiting:watch", WRITE),
    ("artifact", "", WRITE),
    ("artifact push", "pushing:push", WRITE),
    ("artifact pull", "pushing:pull", WRITE),
    ("artifact show", "pushing:show", WRITE),
    ("artifact hold", "retaining:hold", WRITE),
    ("artifact release", "retaining:release", WRITE),
    ("artifact holds", "retaining:holds", WRITE),
    ("artifact sweep", "cleaning:sweep", WRITE),
    ("artifact cost", "cleaning:cost", WRITE),
    ("properties", "describing:properties", WRITE),
    ("link", "describing:link", WRITE),
    ("sign", "sealing:sign", WRITE),
    ("tag", "labelling:tag", WRITE),
    ("own", "owning:own", WRITE),
    ("classify", "owning:classify", WRITE),
    ("retire", "owning:retire", WRITE),
    ("restore", "owning:restore", WRITE),
    ("import", "", WRITE),
    ("import mlflow", "importing:mlflow", WRITE),
    ("import directory", "importing:directory", WRITE),
    ("request", "requesting:request", SERVE),
    ("requests", "requesting:requests", SERVE),
    ("review", "reviewing:review", SERVE),
    ("approve", "requesting:approve", SERVE),
    ("reject", "requesting:reject", SERVE),
    ("comment", "requesting:comment", SERVE),
    ("withdraw", "requesting:withdraw", SERVE),
    ("promote", "serving:promote", SERVE),
    ("rollback", "serving:rollback", SERVE),
    ("rehearse", "serving:rehearse", SERVE),
    ("clear", "serving:clear", SERVE),
    ("break-glass", "emergencies:break_glass", SERVE),
    ("breaks", "", SERVE),
    ("breaks list", "emergencies:list_", SERVE),
    ("breaks review", "emergencies:review", SERVE),
    ("alias", "labelling:alias", SERVE),
    ("serve", "inferring:serve", SERVE),
    ("rollout", "", SERVE),
    ("rollout start", "rolling:start", SERVE),
    ("rollout list", "rolling:list_", SERVE),
    ("rollout show", "rolloutview:show", SERVE),
    ("rollout watch", "rolloutview:watch", SERVE),
    ("rollout pause", "rolling:pause", SERVE),
    ("rollout resume", "rolling:resume", SERVE),
    ("rollout approve", "rolling:approve", SERVE),
    ("rollout skip", "rolling:skip", SERVE),
    ("rollout promote", "rolling:promote", SERVE),
    ("rollout abort", "rolling:abort", SERVE),
    ("rollout lint", "rolloutplan:lint", SERVE),
    ("rollout explain", "rolloutplan:explain", SERVE),
    ("profile", "", SERVE),
    ("profile make", "profiling:make", SERVE),
    ("profile record", "profiling:record", SERVE),
    ("profile show", "profiling:show", SERVE),
    ("alarm", "", SERVE),
    ("alarm list", "alarming:list_", SERVE),
    ("alarm show", "alarming:show", SERVE),
    ("alarm ack", "alarming:ack", SERVE),
    ("alarm clear", "alarming:clear", SERVE),
    ("retrain", "", SERVE),
    ("retrain policy", "retraining:policy", SERVE),
    ("retrain now", "retraining:now", SERVE),
    ("retrain list", "retraining:list_", SERVE),
    ("retrain show", "retraining:show", SERVE),
    ("retrain cancel", "retraining:cancel", SERVE),
    ("resolve", "resolving:resolve", READ),
    ("search", "searching:search", READ),
    ("query", "", READ),
    ("query save", "querying:save", READ),
    ("query list", "querying:list_", READ),
    ("query drop", "querying:drop", READ),
    ("synonyms", "", READ),
    ("synonyms set", "querying:synonyms_set", READ),
    ("synonyms list", "querying:synonyms_list", READ),
    ("show", "showing:show", READ),
    ("history", "showing:history", READ),
    ("signatures", "", READ),
    ("signatures list", "sealing:list_", READ),
    ("signatures verify", "sealing:verify", READ),
    ("diff", "reviewing:diff", READ),
    ("why", "explaining:why", READ),
    ("timeline", "explaining:timeline", READ),
    ("evidence", "evidencing:evidence", READ),
    ("lineage", "lineages:lineage", READ),
    ("impact", "lineages:impact", READ),
    ("completeness", "completing:completeness", READ),
    ("ask", "questioning:ask", READ),
    ("slo", "levels:slo", READ),
    ("tail", "tailing:tail", READ),
    ("topics", "listing:topics", READ),
    ("audit", "", READ),
    ("audit key", "auditing:key", READ),
    ("audit checkpoint", "auditing:checkpoint", READ),
    ("audit export", "auditing:export", READ),
    ("audit verify", "auditing:verify", READ),
    ("audit prove", "auditing:prove", READ),
    ("audit rotate", "rotating:rotate", READ),
    ("audit witness", "witnessing:witness", READ),
    ("rules", "", GOVERN),
    ("rules show", "ruling:show", GOVERN),
    ("rules set", "ruling:set_", GOVERN),
    ("rules diff", "ruling:diff", GOVERN),
    ("rules check", "ruling:check", GOVERN),
    ("rules history", "ruling:history", GOVERN),
    ("schema", "", GOVERN),
    ("schema show", "asking:show", GOVERN),
    ("schema set", "asking:set_", GOVERN),
    ("policy", "", GOVERN),
    ("policy init", "drafting:init", GOVERN),
    ("policy lint", "drafting:lint", GOVERN),
    ("policy test", "trying:try_", GOVERN),
    ("policy explain", "trying:explain", GOVERN),
    ("policy backtest", "backtesting:backtest", GOVERN),
    ("policy diff", "policing:diff", GOVERN),
    ("policy save", "policing:save", GOVERN),
    ("policy drop", "policing:drop", GOVERN),
    ("policy list", "policing:list_", GOVERN),
    ("policy show", "policing:show", GOVERN),
    ("policy history", "policing:history", GOVERN),
    ("retention", "", GOVERN),
    ("retention show", "retaining:show", GOVERN),
    ("retention set", "retaining:set_", GOVERN),
    ("access", "", GOVERN),
    ("access list", "granting:list_", GOVERN),
    ("access grant", "granting:grant", GOVERN),
    ("access revoke", "granting:revoke", GOVERN),
    ("access who", "granting:who", GOVERN),
    ("key", "", GOVERN),
    ("key new", "keying:new", GOVERN),
    ("key make", "keying:make", GOVERN),
    ("key issue", "keying:issue", GOVERN),
    ("key list", "keying:list_", GOVERN),
    ("key revoke", "keying:revoke", GOVERN),
    ("collection", "", GOVERN),
    ("collection list", "collecting:list_", GOVERN),
    ("collection set", "collecting:set_", GOVERN),
    ("collection remove", "collecting:remove", GOVERN),
    ("personal", "", GOVERN),
    ("personal add", "erasing:add", GOVERN),
    ("personal show", "erasing:show", GOVERN),
    ("personal erase", "erasing:erase", GOVERN),
    ("personal forget", "erasing:forget", GOVERN),
    ("notify", "", GOVERN),
    ("notify set", "notifying:set_", GOVERN),
    ("notify drop", "notifying:drop", GOVERN),
    ("notify list", "notifying:list_", GOVERN),
    ("notify show", "notifying:show", GOVERN),
    ("notify deliveries", "notifying:deliveries", GOVERN),
    ("notify test", "notifying:try_", GOVERN),
    ("notify redrive", "notifying:redrive", GOVERN),
    ("notify rotate", "notifying:rotate", GOVERN),
    ("notify secret", "notifying:secret", GOVERN),
    ("whoami", "granting:whoami", GOVERN),
)
"""Words, module and function below `rollbook.cli` (none: a family of verbs), and the group."""

FAMILIES = {
    "log": """Keep the whole log in a file, put it back, clone it as it was at a moment.

    ```console
    rollbook log export log.tar
    rollbook log import log.tar --folder restored/
    ```
    """,
    "vault": """Keep personal data, which is not in the log, in a file of its own, and put it back.

    ```console
    rollbook vault export vault.jsonl.gz
    rollbook vault import vault.jsonl.gz
    ```
    """,
    "card": """Write, read and check model cards.

    ```console
    rollbook card edit churn@3       # opens your editor
    rollbook card show churn@3
    ```
    """,
    "validate": """Put on record what the gates say about a version.

    ```console
    rollbook validate start churn@3
    rollbook validate record churn@3 --passed auc --passed latency
    ```
    """,
    "artifact": """Store files and folders in the registry, fetch them, and sweep what nobody needs.

    ```console
    rollbook artifact push model.onnx --namespace team-a
    rollbook artifact pull team-a/churn@3
    ```
    """,
    "import": """Bring models from elsewhere into the book, with their history.

    ```console
    rollbook import directory ./models --dry-run
    rollbook import mlflow http://mlflow:5000
    ```
    """,
    "breaks": """See and review what was let past the rules in an emergency.

    ```console
    rollbook breaks list
    rollbook breaks review churn 1 justified --note "it ended the outage"
    ```
    """,
    "rollout": """Let a version take over step by step, as long as it shows that it is no worse.

    ```console
    rollbook rollout start churn@4 --canary 5,25,50
    rollbook rollout watch churn
    rollbook rollout abort churn --reason "customers complain"
    ```
    """,
    "profile": """Say what live data of a version is held against.

    ```console
    rollbook profile record churn 3 train.csv
    rollbook profile show churn 3
    ```
    """,
    "alarm": """See what is wrong with live data: drift, quality, performance, what is deployed.

    ```console
    rollbook alarm list
    rollbook alarm show churn 1
    ```
    """,
    "retrain": """Train a model anew: when it drifts, or when you say so, and never too often.

    ```console
    rollbook retrain policy churn --set retrain.yaml
    rollbook retrain now churn --reason "the prices have changed"
    ```
    """,
    "audit": """Prove to outsiders that the log is what it was: checkpoints, bundles, proofs.

    ```console
    rollbook audit checkpoint checkpoints/ --key signer.key
    rollbook audit verify bundle.tar --key signer.pub --checkpoint kept/
    ```
    """,
    "query": """Give names to searches that are asked often.

    ```console
    rollbook query save team-a trusted 'metrics.auc >= 0.9 and stage = validated'
    rollbook search --saved team-a/trusted
    ```
    """,
    "synonyms": """Say which words mean the same to whoever searches.

    ```console
    rollbook synonyms set team-a churn attrition lapse
    rollbook synonyms list team-a
    ```
    """,
    "rules": """See, try and set what holds in a namespace: environments, signatures, names.

    ```console
    rollbook rules diff team-a rules.yaml
    rollbook rules set team-a rules.yaml
    ```
    """,
    "schema": """See and set what records of versions must hold in a namespace.

    ```console
    rollbook schema show team-a
    rollbook schema set team-a schema.yaml
    ```
    """,
    "policy": """Write, try and put in force the gates that a version must pass.

    ```console
    rollbook policy lint policy.yaml
    rollbook policy backtest policy.yaml team-a      # what it would have said about the past
    rollbook policy save team-a release policy.yaml
    ```
    """,
    "retention": """See and say how long the artifacts of a namespace are kept.

    ```console
    rollbook retention show team-a
    rollbook retention set team-a --keep-last 5 --archive-after 90d --delete-after 52w
    ```
    """,
    "signatures": """See who signed a version, and verify it by keys of your own.

    ```console
    rollbook signatures list churn@3
    rollbook signatures verify churn@3 model.joblib --trusted keys/
    ```
    """,
    "access": """See and say who may do what.

    ```console
    rollbook access grant team-a ada@example.org approver --title ml-ops -r "she answers for it"
    rollbook access list team-a
    ```
    """,
    "key": """Make, issue and revoke the keys of machines.

    ```console
    rollbook key new team-a nightly --until 90d --role publisher
    rollbook key list team-a
    ```
    """,
    "notify": """Tell people and programs what happens: by webhook, Slack or mail.

    ```console
    rollbook notify set team-a on-call endpoint.yaml
    rollbook notify test team-a on-call
    rollbook notify deliveries team-a on-call
    ```
    """,
    "collection": """Name groups of a namespace's models.

    ```console
    rollbook collection set team-a checkout fraud limits
    rollbook collection list team-a
    ```
    """,
    "personal": """Keep personal data outside of the log, where it can be erased.

    ```console
    rollbook personal add team-a "Ada Lovelace, +44 20 7946 0000"
    rollbook personal erase team-a personal:0b7c3c5e-… --reason "she asked for it"
    ```
    """,
}
"""Families of verbs, and their help."""
