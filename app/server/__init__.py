"""HTTP and WebSocket: authentication, protocols and responses."""
