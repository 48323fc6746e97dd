"""Calibration: the model's adoption step fitted to a diffusion that was observed on a network.

`data` reads the files, `likelihood` and `fit` estimate, `hindcast` predicts the second half from the first,
`figures` draws, and `scenario_file` makes a world of the network and the coefficients.
"""
