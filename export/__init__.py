"""From trained networks to a bundle: ONNX, parity, and the bundle writer."""
