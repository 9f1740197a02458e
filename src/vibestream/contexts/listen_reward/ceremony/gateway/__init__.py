"""snarkjs, and the folder that goes from hand to hand."""
