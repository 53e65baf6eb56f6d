"""A request becomes a row: imagine, blend, describe, press, region; one door that asks policy, stores, wakes, shows."""
