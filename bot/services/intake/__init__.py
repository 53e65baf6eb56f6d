"""A request becomes a row: imagine, blend, describe, press, region; one way in that asks policy, stores, wakes, shows."""
