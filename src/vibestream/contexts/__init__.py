"""The businesses. Each owns one PostgreSQL schema; none imports another: what crosses between them is a flow."""
