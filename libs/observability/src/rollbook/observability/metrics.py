"""Every Prometheus metric that Rollbook exports, in one place."""

from prometheus_client import Counter, Gauge, Histogram

LATENCY = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

OUTCOMES = Counter(
    "rollbook_outcomes", "Outcomes in the log, by command type and result", ["command", "result"]
)
ACK_SECONDS = Histogram(
    "rollbook_ack_seconds", "From a command's publication to its outcome", ["door"], buckets=LATENCY
)
CLAIMS = Counter("rollbook_claims", "Partitions claimed by a writer", ["partition"])
FENCED = Counter("rollbook_fenced", "Writers that found themselves fenced", ["partition"])
RECOVERY_SECONDS = Histogram(
    "rollbook_recovery_seconds", "From assignment to serving, per partition", buckets=LATENCY
)
DEAD_LETTERS = Counter(
    "rollbook_dead_letters", "Commands and telemetry that could never work", ["code"]
)
BROKEN_STREAMS = Counter(
    "rollbook_broken_records", "Records that break a stream's order or chain", ["reader"]
)
SNAPSHOTS = Counter("rollbook_snapshots", "Snapshots written", ["partition"])
PROJECTED = Counter("rollbook_projected", "Records written to the read models", ["partition"])
PROJECTION_LAG = Gauge(
    "rollbook_projection_lag_records", "Records not yet in the read models", ["partition"]
)
PROJECTION_LAG_SECONDS = Gauge(
    "rollbook_projection_lag_seconds",
    "How long the read models have been behind; 0 when caught up",
    ["partition"],
)
PARKED_MODELS = Gauge("rollbook_parked_models", "Models whose projection stopped at a poison event")
DEADLINES = Counter(
    "rollbook_deadlines",
    "Deadlines that the monitor acted on, by kind and result",
    ["kind", "result"],
)
OVERDUE_SECONDS = Gauge(
    "rollbook_overdue_seconds",
    "How long the oldest deadline has been over that the tables still show; 0 when none",
    ["kind"],
)
TELEMETRY_ROWS = Counter("rollbook_telemetry_rows", "Rows of telemetry that were taken in")
TELEMETRY_REPEATED = Counter(
    "rollbook_telemetry_repeated", "Batches of telemetry that had come before"
)
WINDOWS_JUDGED = Counter("rollbook_windows_judged", "Windows of live data that were looked at")
UNREGISTERED = Gauge(
    "rollbook_unregistered_serving", "Models that are served and that the registry does not know"
)
RETRAININGS = Counter(
    "rollbook_retrainings",
    "Retrainings whose pipeline was started, and what came of them",
    ["result"],
)
DELIVERIES = Counter(
    "rollbook_deliveries",
    "Events that were sent to endpoints, by the endpoint's kind and what came of it",
    ["kind", "result"],
)
VALIDATIONS = Counter(
    "rollbook_validations",
    "Verdicts that the validator sent, by the worst that a gate found",
    ["outcome"],
)
ROLLOUTS_LIVE = Gauge("rollbook_rollouts_live", "Rollouts that the deployer looks at")
ROLLOUT_MOVES = Counter(
    "rollbook_rollout_moves",
    "Commands that the deployer sent for rollouts, by kind and result",
    ["kind", "result"],
)
VALIDATIONS_DUE = Gauge("rollbook_validations_due", "Versions that the gates are to look at")
VALIDATION_SECONDS = Histogram(
    "rollbook_validation_seconds",
    "From the beginning of a validation to its verdict in the log",
    buckets=(*LATENCY, 60, 300, 1800),
)
PROBE_SECONDS = Histogram(
    "rollbook_probe_seconds",
    "Measurements for gates, by probe, with their repetitions",
    ["probe"],
    buckets=(*LATENCY, 60, 300, 1800),
)
SERVING_LOAD_SECONDS = Histogram(
    "rollbook_serving_load_seconds",
    "Fetching, verifying and loading a version in the model server",
    buckets=(*LATENCY, 60, 300),
)
SERVING_FETCH_ERRORS = Counter(
    "rollbook_serving_fetch_errors", "Versions whose bytes were not to be had, by why", ["why"]
)
SERVING_REQUESTS = Counter(
    "rollbook_serving_requests",
    "Requests that the model server had answered, shadowed ones too",
    ["model", "version", "result"],
)
SERVING_SHADOWED = Counter(
    "rollbook_serving_shadowed", "Copies of requests for versions that only see them", ["result"]
)
SERVING_CRASHES = Counter(
    "rollbook_serving_crashes", "Processes of versions that ended by themselves", ["model"]
)
SERVING_STALE = Gauge(
    "rollbook_serving_stale_seconds",
    "How long the model server has not heard what stands; 0 while it hears",
)
TELEMETRY_DROPPED = Counter(
    "rollbook_telemetry_dropped", "Rows of telemetry that were pushed out before they were sent"
)
HTTP_SECONDS = Histogram(
    "rollbook_http_seconds", "HTTP requests", ["method", "route", "status"], buckets=LATENCY
)
STREAMS = Gauge("rollbook_streams", "Streams of events that are open")
STREAMS_ENDED = Counter("rollbook_streams_ended", "Streams of events that ended, by why", ["why"])
STREAMED = Counter("rollbook_streamed", "Events sent to subscribers")
CHECKPOINT_REFUSED = Gauge(
    "rollbook_checkpoint_refused",
    "1 while the log is not what was signed before, so none is signed",
)
CHECKPOINT_TIME = Gauge(
    "rollbook_checkpoint_time_seconds",
    "When checkpoints last were all at a place, since 1970",
    ["to"],
)
CHECKPOINTS_LATE = Counter(
    "rollbook_checkpoints_late", "Attempts to publish checkpoints that failed", ["to"]
)
