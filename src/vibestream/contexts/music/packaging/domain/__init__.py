"""Values and pure decisions of packaging, by subject: source, ladder, layout, playlists, measures, tags, asset."""
