"""What the buckets store: every version of every object, and the inventories of them."""
