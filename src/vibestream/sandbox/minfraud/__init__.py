"""A stand-in for minFraud: its Score over real TLS on loopback, with the faults that such a service has."""
