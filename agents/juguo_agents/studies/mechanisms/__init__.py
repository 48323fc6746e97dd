"""What each mechanism of the model is worth: the world with it switched off against the world as it is."""
