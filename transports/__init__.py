"""How operations come in and answers go out: GraphQL over HTTP and over WebSocket, and whose request it is."""
