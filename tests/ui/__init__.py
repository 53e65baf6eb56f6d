"""The Discord adapter: sentences, cards, buttons, answers and the publisher.
Never here: services with a real database."""
