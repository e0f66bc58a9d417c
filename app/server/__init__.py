"""The HTTP and WebSocket edge: who asks, over which protocol, and in which words they are answered."""
