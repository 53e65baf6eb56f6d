"""What servers decide: settings, policy, quota, moderation."""
