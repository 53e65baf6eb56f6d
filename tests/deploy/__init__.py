"""What an owner starts Easel with."""
