"""What exists already: looking back, showing again, favourites, copies by direct message, preferences."""
