"""Whether something may begin, and on which terms: who asks, what they ask for, what holds for it."""
