"""What operators see: log lines, metrics, and the sampler that measures what no request does."""
