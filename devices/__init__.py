"""Whatever speaks LSL out: caps, the simulated wearer, replay, faults."""
