"""What forbids a link, or troubles it: judgements before the first write."""
