"""The HTTP side of the bot itself: health, metrics, the webhook receiver, the mask editor.
Never here: decisions about jobs; a webhook only wakes the tracker."""
