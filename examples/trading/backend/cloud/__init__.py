"""What is not ours: buckets and other people's interfaces. `many` calls several at once."""
