"""The tables of OAuth."""
