"""The paper's claims as hypotheses: stated in `hypotheses.yaml`, tested over sampled scenarios, reported."""
