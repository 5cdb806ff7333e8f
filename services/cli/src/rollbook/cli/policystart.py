"""The policy that `rollbook policy init` writes: to be read, tried, and changed."""

STARTER = """\
# What a version must pass before it may serve. Try it out, nothing is saved by that:
#   rollbook policy lint {file}      what is wrong with it, by line
#   rollbook policy test {file}      the tests at its end
#   rollbook policy explain {file}   what it asks for, in plain words
#   rollbook policy backtest {file} {namespace}   what it would have said about the past
# Put it in force:
#   rollbook policy save {namespace} release {file}
description: What every release must pass.

# Names of models within the namespace; a policy of the namespace `rollbook` holds for all.
models: ["*"]
# Which versions are looked at again when it is saved: nothing, serving, all.
revalidate: nothing

gates:
  - gate: record
    kind: metadata
    because: Whoever has to repair it at night must know what it is.
    required: [description]

  - gate: artifact
    kind: artifact
    because: What is served must be what was registered.
    most: 2000000000 # bytes

  - gate: auc
    kind: metric
    metric: auc
    least: 0.8
    champion: production # what serves there is what it is compared with
    ratio: 0.98

  - gate: calibration
    kind: expression
    because: Scores are shown to people as probabilities.
    # CEL: https://cel.dev; the variables stand in docs/reference/policy.md.
    expression: '"log_loss" in metrics && metrics.log_loss < 0.7'
    # It keeps a version out of production alone, instead of rejecting it as a whole.
    environments: [production]

# What it must say about versions that one makes up: `rollbook policy test`.
tests:
  - test: a good version passes
    given: {{metrics: {{auc: 0.9, log_loss: 0.3}}}}
    passes: [auc, calibration]
  - test: a version that guesses does not
    given: {{metrics: {{auc: 0.5, log_loss: 0.9}}}}
    fails: [auc, calibration]
"""
