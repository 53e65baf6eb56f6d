"""What people write becomes what is sent."""
