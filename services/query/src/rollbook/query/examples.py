"""A body for every command that makes sense, as the documentation shows it."""

from pydantic import JsonValue

DIGEST = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
TAGS: dict[str, JsonValue] = {"team": "payments"}
DESCRIPTION = "Scores card payments for fraud."

EXAMPLES: dict[str, dict[str, JsonValue]] = {
    # Models
    "RegisterModel": {"description": DESCRIPTION, "tags": TAGS},
    "DescribeModel": {"description": DESCRIPTION},
    "TagModel": {"tags": TAGS},
    "UntagModel": {"keys": ["team"]},
    "AssignOwner": {"owner": "ada@example.org", "team": "risk"},
    "ClassifyModel": {"risk": "high", "reason": "it decides about people's payments"},
    "RetireModel": {"reason": "another model does its work"},
    "RestoreModel": {"reason": "the other model is not ready"},
    # Versions
    "RegisterVersion": {
        "artifact": {
            "uri": "s3://models/fraud/2/model.skops",
            "digest": DIGEST,
            "size": 48_211,
            "format": "skops",
        },
        "change": "retraining",
        "metrics": {"auc": 0.973},
        "params": {"max_depth": "6"},
        "tags": TAGS,
        "lineage": {
            "code_commit": "4f0a2c1",
            "datasets": [{"uri": "s3://data/payments/2026-02", "role": "train"}],
        },
        "recipe": {
            "uri": f"rollbook:{DIGEST}",
            "digest": DIGEST,
            "program": "train.py",
            "arguments": ["--rows", "{train}"],
        },
        "terms": {"licence": "Apache-2.0", "pii": "pseudonymous"},
        "idempotency_key": "run-4711",
    },
    "DescribeVersion": {"version": 2, "description": "With the data of February."},
    "TagVersion": {"version": 2, "tags": TAGS},
    "UntagVersion": {"version": 2, "keys": ["team"]},
    "SetProperties": {"version": 2, "properties": {"framework": "sklearn", "old": None}},
    "LinkDocument": {
        "version": 2,
        "kind": "fairness",
        "title": "Error rates by age",
        "uri": "https://wiki.example.org/fraud/fairness",
    },
    "ArchiveVersion": {"version": 2, "reason": "trained on data that was withdrawn"},
    "RestoreVersion": {"version": 2, "reason": "the data may be used after all"},
    "RecordEvaluation": {
        "version": 2,
        "evaluation": {
            "metrics": {"auc": {"value": 0.96, "low": 0.95, "high": 0.97, "confidence": 0.95}},
            "split": "test",
            "slice": {"country": "DE"},
            "samples": 12_000,
        },
    },
    "WriteCard": {
        "version": 2,
        "card": {
            "summary": DESCRIPTION,
            "intended_use": "Card payments in Europe.",
            "limitations": "Not for cash.",
            "review_by": "2027-01-01T00:00:00Z",
        },
    },
    "ReviewCard": {"version": 2, "review_by": "2027-07-01T00:00:00Z", "note": "it still holds"},
    "MarkCardStale": {"version": 2},
    "StartValidation": {"version": 2, "policy": "default"},
    "RecordValidation": {
        "version": 2,
        "gates": [{"gate": "auc", "outcome": "passed", "measured": {"auc": 0.973}}],
        "policy": "default",
    },
    # Where they serve
    "SetAlias": {"alias": "champion", "version": 2},
    "RemoveAlias": {"alias": "champion"},
    "PromoteVersion": {"version": 2, "environment": "production"},
    "RollBackVersion": {"environment": "production", "reason": "the error rate doubled"},
    "ClearEnvironment": {"environment": "shadow", "reason": "the trial is over"},
    "RehearseRollback": {"environment": "production", "note": "the drill of this quarter"},
    "BreakGlass": {
        "version": 2,
        "environment": "production",
        "reason": "version 3 declines every payment, and nobody who may sign is awake",
    },
    "ReviewBreakGlass": {"number": 1, "verdict": "justified", "note": "it ended the outage"},
    "RequestPromotion": {
        "version": 2,
        "environment": "production",
        "reason": "finds a fifth more fraud",
        "rollback_plan": "back to version 1",
    },
    "ApprovePromotion": {"request": 1, "title": "ml-ops", "evidence": DIGEST},
    "RejectPromotion": {"request": 1, "reason": "no figures for customers under 25"},
    "CommentOnPromotion": {"request": 1, "comment": "What about Austria?"},
    "WithdrawPromotion": {"request": 1, "reason": "version 3 is better"},
    "EscalatePromotion": {"request": 1},
    "ExpirePromotion": {"request": 1},
    # Namespaces
    "SetRules": {
        "rules": {
            "environments": [
                {"name": "staging"},
                {
                    "name": "production",
                    "after": "staging",
                    "validated": True,
                    "approvals": {"high": {"ml-ops": 1, "product": 1}},
                },
            ],
            "protected_aliases": ["champion"],
        }
    },
    "SetMetadataSchema": {
        "metadata": {
            "properties": {
                "type": "object",
                "properties": {"framework": {"enum": ["sklearn", "torch"]}},
                "required": ["framework"],
            },
            "required": ["code_commit", "training_data"],
        }
    },
    "GrantRole": {
        "subject": "group:risk",
        "role": "approver",
        "models": "fraud*",
        "title": "product",
        "reason": "they answer for it",
    },
    "RevokeRole": {"grant": 1, "reason": "they moved on"},
    "IssueKey": {
        "account": "nightly",
        "public_key": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "until": "2027-01-01T00:00:00Z",
        "roles": ["publisher"],
    },
    "RevokeKey": {"key": "0f9c1a2b3d4e5f60", "reason": "it was printed into a build's log"},
    "SetCollection": {"collection": "checkout", "models": ["fraud", "limits"]},
    "RemoveCollection": {"collection": "checkout"},
    "SaveQuery": {
        "query": "trusted",
        "text": "metrics.auc >= 0.9 and stage = validated",
        "description": "What may go on.",
    },
    "DropQuery": {"query": "trusted"},
    "SetSynonyms": {"word": "churn", "same": ["attrition", "lapse"]},
    "ErasePersonalData": {
        "references": ["personal:0b7c3c5e-7d1c-4b1e-9a51-6a1f6c8f2d10"],
        "reason": "she asked for it",
    },
    "AttachSignature": {
        "version": 3,
        "bundle": '{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "…": "…"}',
    },
    "StartRollout": {
        "version": 4,
        "environment": "production",
        "plan": {
            "strategy": "canary",
            "steps": [
                {"weight": 5, "bake": "PT1H", "samples": 1000},
                {"weight": 25, "bake": "PT4H", "approval": {"approver": 1}},
            ],
            "metrics": [
                {"metric": "errors", "of": "errors", "margin": 0.005},
                {"metric": "p95", "of": "latency", "statistic": "p95", "margin": "10%"},
            ],
            "watch": "P1D",
        },
    },
    "AdvanceRollout": {
        "rollout": 2,
        "step": 0,
        "finding": {
            "result": "passed",
            "winner": 4,
            "metrics": [
                {
                    "metric": "errors",
                    "role": "guardrail",
                    "outcome": "passed",
                    "candidate": {"version": 4, "n": 4200, "value": 0.011},
                    "baseline": {"version": 3, "n": 79800, "value": 0.011},
                    "difference": 0.0,
                    "low": -0.004,
                    "high": 0.004,
                    "alpha": 0.025,
                }
            ],
            "samples": 4200,
            "plan": DIGEST,
        },
    },
    "PauseRollout": {"reason": "the shop is on sale until noon"},
    "ResumeRollout": {"reason": "the sale is over"},
    "ApproveRolloutStep": {"rollout": 2, "step": 1, "comment": "seen the slices"},
    "SkipRolloutStep": {"rollout": 2, "step": 0, "reason": "it ran for a week in another region"},
    "PromoteRollout": {"rollout": 2, "reason": "version 3 fails on the new card numbers"},
    "AbortRollout": {"reason": "customers complain"},
    "FinishRollout": {"rollout": 2},
    "SetRetraining": {
        "document": {
            "pipeline": "nightly",
            "parameters": {"epochs": "20"},
            "signals": ["performance", "feature"],
            "environments": ["production"],
            "cooldown": "P2D",
            "budget": 4,
        }
    },
    "RequestRetraining": {"reason": "the prices have changed"},
    "RecordRetrainingRun": {
        "retraining": 1,
        "run": "rollbook-0b7c3c5e",
        "url": "https://airflow.example/dags/fraud/runs/rollbook-0b7c3c5e",
    },
    "EndRetraining": {"retraining": 1, "outcome": "candidate", "version": 4},
    "CancelRetraining": {"retraining": 1, "reason": "the data of this week is broken"},
    "RecordProfile": {
        "version": 3,
        "profile": {
            "rows": 1000,
            "features": {
                "age": {"kind": "numbers", "edges": [18, 30, 45, 99], "counts": [300, 420, 280]},
                "country": {"kind": "words", "counts": {"DE": 700, "FR": 250}, "other": 50},
            },
            "prediction": {"kind": "numbers", "edges": [0, 0.5, 1.01], "counts": [900, 100]},
            "task": "probability",
            "data": "s3://data/fraud/2026-01.parquet",
        },
    },
    "DetectDrift": {
        "version": 3,
        "environment": "production",
        "kind": "feature",
        "findings": [
            {
                "subject": "feature:age",
                "measure": "psi",
                "value": 0.31,
                "threshold": 0.1,
                "p": 0.000001,
                "rows": 5000,
            }
        ],
        "window": {
            "begin": "2026-03-01T12:00:00Z",
            "end": "2026-03-01T12:25:00Z",
            "rows": 5000,
            "windows": 5,
        },
        "pictures": [
            {
                "subject": "feature:age",
                "bins": ["18 to 30", "30 to 45", "45 to 99"],
                "reference": [300, 420, 280],
                "window": [700, 2000, 2300],
            }
        ],
    },
    "ClearDrift": {"alarm": 1, "reason": "calm for 5 windows"},
    "AcknowledgeDrift": {"alarm": 1, "note": "a new campaign; looked at by the team"},
    "HoldVersion": {"version": 3, "reason": "a claim is open: case 2026-114"},
    "ReleaseVersion": {"version": 3, "reason": "the case is closed"},
    "SavePolicy": {
        "policy": "release",
        "document": {
            "models": ["fraud*"],
            "gates": [
                {
                    "gate": "good-enough",
                    "kind": "expression",
                    "expression": "metrics.auc >= 0.9",
                    "because": "below that, people review more than they save",
                }
            ],
        },
    },
    "DropPolicy": {"policy": "release", "reason": "another one says the same"},
    "SetEndpoint": {
        "endpoint": "on-call",
        "document": {
            "kind": "webhook",
            "url": "https://hooks.example.com/rollbook",
            "events": ["Drift*", "VersionRolledBack", "RetrainingEnded"],
            "owners": ["risk"],
        },
    },
    "DropEndpoint": {"endpoint": "on-call", "reason": "the team has moved"},
    "RotateEndpointSecret": {"endpoint": "on-call", "reason": "it stood in a log"},
    "TestEndpoint": {"endpoint": "on-call"},
    "RedriveEndpoint": {"endpoint": "on-call", "since": "2026-03-02T00:00:00Z"},
    "SetRetention": {"retention": {"keep_last": 10, "archive_after": "P90D"}},
    "AnnounceDeletions": {
        "deletions": [
            {
                "digest": "sha256:" + "e" * 64,
                "size": 48_211_034,
                "reason": "no version names it",
            }
        ]
    },
}
