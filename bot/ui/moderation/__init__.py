"""Moderators' pages: members, jobs, words, prompts, audit, the log channel."""
