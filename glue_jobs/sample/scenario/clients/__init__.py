"""Who asks: the clients, their addresses, their headers, and how a trail describes them."""
