"""Commands as a member types them, in a simulated Discord.
Never here: what the services make of them."""
