"""The window (Qt) and the text view, fed by the wire alone; importing this loads no Qt."""
