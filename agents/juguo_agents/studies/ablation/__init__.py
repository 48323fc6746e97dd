"""What each lever of an allocation is worth: the best closed loop with one of them forced."""
