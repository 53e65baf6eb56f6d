"""The card of a job: how it looks, its buttons, how it is put into a channel."""
