"""The deployer: looks at what live rollouts show, and sends the command that follows."""
